import { readGitlabUrl } from '../ci/read-gitlab-url.ts';
import type { Environment } from '../environment.ts';
import type { DeploymentQuery } from './complete-deployment.ts';

/** Access to GitLab's API, or the reason why a job has none. */
export type GitlabAccess =
	| Readonly<{ apiUrl: URL; projectId: string; jobToken: string }>
	| Readonly<{ missing: string }>;

/** Reads the access of each job to GitLab's API (docs.gitlab.com/ci/jobs/ci_job_token). */
export function readGitlabAccess(environment: Environment): GitlabAccess {
	const { CI_PROJECT_ID: projectId, CI_JOB_TOKEN: jobToken } = environment;
	const url = readGitlabUrl(environment, 'CI_API_V4_URL');
	if (url === undefined) return { missing: 'CI_API_V4_URL is not set' };
	if (projectId === undefined) return { missing: 'CI_PROJECT_ID is not set' };
	if (jobToken === undefined) return { missing: 'CI_JOB_TOKEN is not set' };
	const apiUrl = URL.canParse(url) ? new URL(url) : undefined;
	const isUsable =
		apiUrl !== undefined && /^https?:$/.test(apiUrl.protocol) && apiUrl.username === '' && apiUrl.search === '';
	if (!isUsable) return { missing: 'CI_API_V4_URL is not the URL of an API' };
	// Anything else would break the header.
	if (!/^[!-~]+$/.test(jobToken)) return { missing: 'CI_JOB_TOKEN is not a token' };
	return { apiUrl, projectId, jobToken };
}

/**
 * Reads the place of the running job in GitLab. `deployJob` is the name of the deploy job if the running job is a
 * separate one.
 */
export function readDeploymentQuery(environment: Environment, deployJob: string | undefined): DeploymentQuery {
	const { CI_JOB_ID: id, CI_JOB_NAME: name, CI_PROJECT_ID: projectId = '' } = environment;
	return {
		host: environment['CI_SERVER_FQDN'] ?? environment['CI_SERVER_HOST'],
		project: {
			id: projectId,
			path: environment['CI_PROJECT_PATH'],
			url: readGitlabUrl(environment, 'CI_PROJECT_URL'),
		},
		pipelineId: environment['CI_PIPELINE_ID'],
		environment: deployJob === undefined ? environment['CI_ENVIRONMENT_NAME'] : undefined,
		deployJob: deployJob === undefined ? { kind: 'running', id, name } : { kind: 'separate', name: deployJob },
		isMergeRequestPipeline: environment['CI_MERGE_REQUEST_IID'] !== undefined,
	};
}
