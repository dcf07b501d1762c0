// https://docs.gitlab.com/ci/variables/predefined_variables/
import { type DeploymentKey, isOutcome, type Outcome, type PullRequest } from '../change/deployment.ts';
import type { Environment } from '../environment.ts';
import { redactVariables } from '../text/redact-variables.ts';
import { dropFromEnd } from '../text/trim-text.ts';
import type { Ci } from './ci.ts';
import type { JobReport, ReportRequest, UnknownOutcome } from './job-report.ts';
import { findMergeRequestNumber } from './merge-request-reference.ts';
import { isSecretInText } from './predefined-variables.ts';
import { readGitlabUrl } from './read-gitlab-url.ts';

export const gitlab: Ci = {
	isRunning: (environment) => environment['GITLAB_CI'] === 'true',
	readJob: readGitlabJob,
	findVariablesFile: () => undefined,
	apiKeyAdvice: [
		'Create a key with write scope in Alert24 and add it under Settings > CI/CD > Variables, masked.',
		'If it is there: a protected variable reaches only protected branches and tags; a variable of one environment reaches only jobs of',
		'that environment (component input environment_scope).',
	].join('\n'),
	environmentAdvice: 'set ALERT24_ENVIRONMENT (component input environment), or add `environment:` to the job',
	recordFailuresAdvice: 'set ALERT24_RECORD_FAILURES=true (component input record_failures)',
};

function readGitlabJob(environment: Environment, request: ReportRequest): JobReport {
	const { deployJob } = request;
	const recordedEnvironment = request.environment ?? environment['CI_ENVIRONMENT_NAME'];
	const sha = environment['CI_COMMIT_SHA'];
	// GitLab and its runner expand `$NAME` in these texts.
	const readText = (name: string) => {
		const text = environment[name];
		return text && redactVariables(text, environment, isSecretInText);
	};
	const tag = readText('CI_COMMIT_TAG');
	return {
		source: 'gitlab-ci',
		key: buildKey(environment, deployJob),
		kind: 'deployment',
		outcome: readOutcome(environment['CI_JOB_STATUS']),
		environment: recordedEnvironment,
		project: environment['CI_PROJECT_NAME'],
		commit: {
			sha,
			shortSha: environment['CI_COMMIT_SHORT_SHA'] ?? sha?.slice(0, 8),
			message: dropFromEnd(readText('CI_COMMIT_MESSAGE') ?? '', '\r\n') || undefined,
		},
		// CI_COMMIT_BRANCH is absent in merge request pipelines and, rightly, in those for a tag.
		branch: readText('CI_COMMIT_BRANCH') ?? readText('CI_MERGE_REQUEST_SOURCE_BRANCH_NAME'),
		tag,
		pullRequest: readMergeRequest(environment),
		deployedBy: environment['GITLAB_USER_LOGIN'],
		pipeline: { url: readGitlabUrl(environment, 'CI_PIPELINE_URL'), createdAt: environment['CI_PIPELINE_CREATED_AT'] },
		// The variables of a separate job contain only its own page and start.
		job:
			deployJob === undefined
				? {
						url: readGitlabUrl(environment, 'CI_JOB_URL'),
						startedAt: environment['CI_JOB_STARTED_AT'],
						finishedAt: undefined,
						durationSeconds: undefined,
					}
				: undefined,
		previous: undefined,
		mergeRequests: [],
		tags: ['gitlab', recordedEnvironment, tag].filter((text) => text !== undefined),
		// A separate job reports on another job.
		stopsEnvironment: environment['CI_ENVIRONMENT_ACTION'] === 'stop' && deployJob === undefined,
	};
}

// CI_MERGE_REQUEST_IID, not _ID: the number that people see. It exists in merge request pipelines only; after the merge
// the number is left in the commit message alone (https://gitlab.com/gitlab-org/gitlab/-/issues/31570).
function readMergeRequest(environment: Environment): PullRequest | undefined {
	const iid = environment['CI_MERGE_REQUEST_IID'];
	const projectUrl = readGitlabUrl(environment, 'CI_PROJECT_URL');
	const project = { path: environment['CI_PROJECT_PATH'], url: projectUrl };
	const number = iid ?? findMergeRequestNumber(environment['CI_COMMIT_MESSAGE'] ?? '', project);
	if (number === undefined) return undefined;
	const baseUrl = (iid && readGitlabUrl(environment, 'CI_MERGE_REQUEST_PROJECT_URL')) ?? projectUrl;
	return { number, url: buildMergeRequestUrl(baseUrl, number) };
}

/** Returns the page of a merge request; undefined if the number is not one. */
export function buildMergeRequestUrl(projectUrl: string | undefined, number: string): string | undefined {
	if (projectUrl === undefined || !/^[1-9]\d{0,19}$/.test(number)) return undefined;
	return `${projectUrl}/-/merge_requests/${number}`;
}

// A re-deployment or rollback runs in the old pipeline with a new job id, so the job's id is the key if it is known
// (https://docs.gitlab.com/ci/environments/deployments/#retry-or-roll-back-a-deployment).
function buildKey(environment: Environment, deployJob: string | undefined): DeploymentKey | undefined {
	const host = environment['CI_SERVER_FQDN'] ?? environment['CI_SERVER_HOST'];
	const { CI_PROJECT_ID: projectId, CI_JOB_ID: jobId, CI_PIPELINE_ID: pipelineId } = environment;
	if (host === undefined || projectId === undefined) return undefined;
	if (deployJob === undefined) return jobId === undefined ? undefined : buildJobKey(host, projectId, jobId);
	if (pipelineId === undefined) return undefined;
	return { parts: ['gitlab', host, projectId, 'pipeline', pipelineId, deployJob], hasJobId: false };
}

/** Returns the key of the deployment that a job made. `host` has the port if GitLab is on another one than 443. */
export function buildJobKey(host: string, projectId: string, jobId: string): DeploymentKey {
	return { parts: ['gitlab', host, projectId, 'job', jobId], hasJobId: true };
}

// A script sees `running`; only an after_script sees how its job ended. `timedout` is not documented.
function readOutcome(status: string | undefined): Outcome | UnknownOutcome {
	if (status === undefined || status === 'running') return 'success';
	return isOutcome(status) ? status : { unknownStatus: status, variable: 'CI_JOB_STATUS' };
}
