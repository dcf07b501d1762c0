import type { Change } from '../change/change-schema.ts';
import type { CiRun } from '../ci/ci-run.ts';
import type { Outcome, UnknownOutcome } from '../outcome.ts';
import { makeVisible, quote } from '../text/visible-text.ts';

const outcomeWords: Readonly<Record<Outcome, string>> = {
	success: 'succeeded',
	failed: 'failed',
	canceled: 'was canceled',
	timedout: 'timed out',
};

/** Why a deployment that did not succeed is not recorded. */
export function describeUnrecordedOutcome(outcome: Outcome): string {
	return `Not recorded: the deployment ${outcomeWords[outcome]}; set ALERT24_RECORD_FAILURES=true (component input record_failures) to record such deployments`;
}

/** Why a job that stops an environment is not recorded. */
export function describeStoppedEnvironment(environment: string | undefined): string {
	return `Not recorded: this job stops the environment ${quote(environment ?? '')}, which is no deployment`;
}

/** A change in a few words: `Deployed shop @ 1a2b3c4d in production for service svc_1`. */
export function describeChange(change: Change): string {
	const service = change.service_id === undefined ? '' : ` for service ${quote(change.service_id)}`;
	return `${makeVisible(change.summary)} in ${quote(change.environment)}${service}`;
}

/** Which facts of the CI could not be sent, because Alert24's field cannot hold them. */
export function describeLeftOut(run: CiRun, change: Change): string[] {
	const facts = {
		commit_sha: run.commitSha,
		commit_message: run.commitMessage,
		branch: run.branch,
		pr_number: run.pullRequest?.number,
		pr_url: run.pullRequest?.url,
		pipeline_url: run.pipelineUrl,
	};
	return Object.entries(facts)
		.filter(([field, value]) => value !== undefined && change[field as keyof Change] === undefined)
		.map(([field, value]) => `${field} is left out: ${quote(value)} does not fit the field`);
}

export const missingApiKey = [
	'ALERT24_API_KEY is empty. Create a key with write scope in Alert24 and add it under Settings > CI/CD > Variables, masked',
	'(Bitbucket: Repository settings > Repository variables, secured).',
	'If it is there: a protected variable reaches only protected branches and tags; one scoped to an environment reaches only jobs of that',
	'environment (component input environment_scope); a Bitbucket pipe gets only the variables that are listed for it.',
].join('\n');

export const missingEnvironment =
	'no environment is known: set ALERT24_ENVIRONMENT (component input environment), or give the job an `environment:` (a Bitbucket step a `deployment:`); left out, Alert24 would record production';

export const notInCi =
	'this is not a GitLab CI/CD job and not a Bitbucket Pipelines step: neither GITLAB_CI=true nor BITBUCKET_BUILD_NUMBER is set; run it in one of them';

/** Why an outcome that this program does not know is not recorded. */
export function describeUnknownOutcome({ variable, unknownStatus }: UnknownOutcome): string {
	return `${variable} is ${quote(unknownStatus)}, which is no outcome that is known: nothing is recorded; set ALERT24_STATUS to success, failed, canceled or timedout`;
}
