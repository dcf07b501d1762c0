import type { Change } from '../change/change-schema.ts';
import type { Deployment, Outcome } from '../change/deployment.ts';
import type { UnknownOutcome } from '../ci/job-report.ts';
import { makeVisible, quote } from '../text/visible-text.ts';

const outcomeWords: Readonly<Record<Outcome, string>> = {
	success: 'succeeded',
	failed: 'failed',
	canceled: 'was canceled',
	timedout: 'timed out',
};

/**
 * Returns the reason why a deployment that did not succeed is not recorded, with the advice for the CI that the program
 * runs in.
 */
export function describeUnrecordedOutcome(outcome: Outcome, advice: string): string {
	return `Not recorded: the deployment ${outcomeWords[outcome]}; ${advice} to record such deployments`;
}

/** Returns the reason why a deploy job that did not start is not recorded. */
export function describeUnstartedJob(reason: string): string {
	return `Not recorded: nothing was deployed: ${reason}`;
}

/** Returns the reason why a job that stops an environment is not recorded. */
export function describeStoppedEnvironment(environment: string | undefined): string {
	return `Not recorded: this job stops the environment ${quote(environment ?? '')} and deploys nothing`;
}

/** Returns a change in a few words: `Deployed shop @ 1a2b3c4d in "production" for service "svc_1"`. */
export function describeChange(change: Change): string {
	const service = change.service_id === undefined ? '' : ` for service ${quote(change.service_id)}`;
	return `${makeVisible(change.summary)} in ${quote(change.environment)}${service}`;
}

/** Returns one line for each fact of the source that Alert24's field cannot hold. */
export function describeOmittedFacts(deployment: Deployment, change: Change): string[] {
	const facts = {
		commit_sha: deployment.commit.sha,
		commit_message: deployment.commit.message,
		branch: deployment.branch,
		pr_number: deployment.pullRequest?.number,
		pr_url: deployment.pullRequest?.url,
		pipeline_url: deployment.pipeline.url,
	};
	return Object.entries(facts)
		.filter(([field, value]) => value !== undefined && change[field as keyof Change] === undefined)
		.map(([field, value]) => `${field} is omitted: ${quote(value)} does not fit the field`);
}

/** Returns the message for a missing key, with the advice for the CI that the program runs in. */
export function describeMissingApiKey(advice: string | undefined): string {
	return ['ALERT24_API_KEY is not set.', advice ?? 'Create a key with write scope in Alert24.'].join(' ');
}

/** Returns the message for a missing environment, with the advice for the CI that the program runs in. */
export function describeMissingEnvironment(advice: string | undefined): string {
	const remedy = advice ?? 'set ALERT24_ENVIRONMENT';
	return `the environment is not known: ${remedy}; without it Alert24 would record production`;
}

export const notInCi =
	'this is neither a GitLab CI/CD job nor a Bitbucket Pipelines step: GITLAB_CI=true and BITBUCKET_BUILD_NUMBER are both missing';

/** Returns the message for an outcome that this program does not recognize. */
export function describeUnknownOutcome({ variable, unknownStatus }: UnknownOutcome): string {
	return `unknown ${variable} ${quote(unknownStatus)}: nothing is recorded; set ALERT24_STATUS to success, failed, canceled or timedout`;
}
