// https://docs.gitlab.com/ci/variables/predefined_variables/
import type { Environment } from '../environment.ts';
import { isOutcome, type Outcome, type UnknownOutcome } from '../outcome.ts';
import { dropFromEnd } from '../text/trim-text.ts';
import type { CiRun, PullRequest } from './ci-run.ts';
import { findMergeRequestNumber } from './merge-request-reference.ts';

/** Whether the environment is that of a GitLab CI/CD job. */
export function isGitlab(environment: Environment): boolean {
	return environment['GITLAB_CI'] === 'true';
}

/** Gives what GitLab's predefined variables tell of the running job. */
export function readGitlabRun(environment: Environment): CiRun {
	return {
		ci: 'gitlab',
		source: 'gitlab-ci',
		project: environment['CI_PROJECT_NAME'],
		commitSha: environment['CI_COMMIT_SHA'],
		commitShortSha: environment['CI_COMMIT_SHORT_SHA'] ?? environment['CI_COMMIT_SHA']?.slice(0, 8),
		commitMessage: dropFromEnd(environment['CI_COMMIT_MESSAGE'] ?? '', '\r\n') || undefined,
		// CI_COMMIT_BRANCH is absent in merge request pipelines and, rightly, in those for a tag.
		branch: environment['CI_COMMIT_BRANCH'] ?? environment['CI_MERGE_REQUEST_SOURCE_BRANCH_NAME'],
		tag: environment['CI_COMMIT_TAG'],
		pullRequest: readMergeRequest(environment),
		pipelineUrl: environment['CI_PIPELINE_URL'],
		environment: environment['CI_ENVIRONMENT_NAME'],
		stopsEnvironment: environment['CI_ENVIRONMENT_ACTION'] === 'stop',
		triggeredBy: environment['GITLAB_USER_LOGIN'],
		job: { url: environment['CI_JOB_URL'], startedAt: environment['CI_JOB_STARTED_AT'] },
		jobKey: readKey(environment, 'job', environment['CI_JOB_ID']),
		pipelineKey: readKey(environment, 'pipeline', environment['CI_PIPELINE_ID']),
		outcome: readOutcome(environment['CI_JOB_STATUS']),
	};
}

// CI_MERGE_REQUEST_IID, not _ID: the number that people see. It exists in merge request pipelines only; after the merge
// the number is left in the commit message alone (https://gitlab.com/gitlab-org/gitlab/-/issues/31570).
function readMergeRequest(environment: Environment): PullRequest | undefined {
	const iid = environment['CI_MERGE_REQUEST_IID'];
	const projectUrl = environment['CI_PROJECT_URL'];
	const number =
		iid ??
		findMergeRequestNumber(environment['CI_COMMIT_MESSAGE'] ?? '', {
			path: environment['CI_PROJECT_PATH'],
			url: projectUrl,
		});
	if (number === undefined) return undefined;
	const baseUrl = (iid && environment['CI_MERGE_REQUEST_PROJECT_URL']) ?? projectUrl;
	const hasPage = baseUrl !== undefined && /^[1-9]\d{0,19}$/.test(number);
	return { number, url: hasPage ? `${baseUrl}/-/merge_requests/${number}` : undefined };
}

// A re-deployment or roll-back runs in the old pipeline with a new job id, so the job's id comes first where it is known
// (https://docs.gitlab.com/ci/environments/deployments/#retry-or-roll-back-a-deployment).
function readKey(environment: Environment, kind: 'job' | 'pipeline', id: string | undefined): string[] | undefined {
	const host = environment['CI_SERVER_FQDN'] ?? environment['CI_SERVER_HOST'];
	const projectId = environment['CI_PROJECT_ID'];
	if (host === undefined || projectId === undefined || id === undefined) return undefined;
	return ['gitlab', host, projectId, kind, id];
}

// `running` is what a script sees; only an after_script sees how its job ended. `timedout` is not documented.
function readOutcome(status: string | undefined): Outcome | UnknownOutcome {
	if (status === undefined || status === 'running') return 'success';
	return isOutcome(status) ? status : { unknownStatus: status, variable: 'CI_JOB_STATUS' };
}
