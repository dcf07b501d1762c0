// https://support.atlassian.com/bitbucket-cloud/docs/variables-and-secrets/
import type { DeploymentKey } from '../change/deployment.ts';
import type { Environment } from '../environment.ts';
import { dropFromEnd } from '../text/trim-text.ts';
import type { Ci } from './ci.ts';
import type { GitCommit, ReadCommit } from './git-commit.ts';
import type { JobReport, ReportRequest } from './job-report.ts';

export const bitbucket: Ci = {
	isRunning: (environment) => environment['BITBUCKET_BUILD_NUMBER'] !== undefined,
	readJob: readBitbucketStep,
	// https://support.atlassian.com/bitbucket-cloud/docs/variable-sharing/
	findVariablesFile: (environment) => environment['BITBUCKET_PIPELINES_VARIABLES_PATH'],
	apiKeyAdvice: [
		'Create a key with write scope in Alert24 and add it under Repository settings > Repository variables, secured.',
		'If it is there: a variable of one deployment environment reaches only steps of that environment; a pipe receives only the',
		'variables that are listed for it.',
	].join('\n'),
	environmentAdvice: 'set ALERT24_ENVIRONMENT, or add `deployment:` to the step',
	recordFailuresAdvice: 'set ALERT24_RECORD_FAILURES=true',
};

async function readBitbucketStep(
	environment: Environment,
	{ deployJob, environment: given }: ReportRequest,
	readCommit: ReadCommit,
): Promise<JobReport> {
	const commit = await findCommit(environment, readCommit);
	const sha = commit?.sha ?? environment['BITBUCKET_COMMIT'];
	const branch = environment['BITBUCKET_BRANCH'];
	const tag = environment['BITBUCKET_TAG'];
	const repositoryUrl = joinUrl('https://bitbucket.org', environment['BITBUCKET_REPO_FULL_NAME']);
	const pipelineUrl = joinUrl(repositoryUrl, 'pipelines/results', environment['BITBUCKET_BUILD_NUMBER']);
	const stepUuid = readUuid(environment, 'BITBUCKET_STEP_UUID');
	const message = commit && (dropFromEnd(commit.message, '\r\n') || undefined);
	const pullRequestId = environment['BITBUCKET_PR_ID'] ?? findPullRequestId(message);
	return {
		source: 'bitbucket-pipelines',
		key: buildKey(environment, deployJob),
		kind: 'deployment',
		// In an after-script the exit code of the script; in a script, where everything succeeded so far, absent.
		outcome: (environment['BITBUCKET_EXIT_CODE'] ?? '0') === '0' ? 'success' : 'failed',
		environment: given ?? environment['BITBUCKET_DEPLOYMENT_ENVIRONMENT'],
		project: environment['BITBUCKET_REPO_SLUG'],
		commit: {
			sha,
			shortSha: sha?.slice(0, 8),
			message,
		},
		// Absent in pipelines for a tag; in those for a pull request the source branch.
		branch,
		tag,
		pullRequest:
			pullRequestId === undefined
				? undefined
				: { number: pullRequestId, url: joinUrl(repositoryUrl, 'pull-requests', pullRequestId) },
		// No variable contains a name (https://jira.atlassian.com/browse/BCLOUD-13743), and the commit's author is not
		// the one who deployed.
		deployedBy: readUuid(environment, 'BITBUCKET_STEP_TRIGGERER_UUID'),
		pipeline: { url: pipelineUrl, createdAt: undefined },
		job:
			deployJob === undefined
				? {
						url: joinUrl(pipelineUrl, 'steps', stepUuid && encodeURIComponent(`{${stepUuid}}`)),
						startedAt: undefined,
						finishedAt: undefined,
						durationSeconds: undefined,
					}
				: undefined,
		previous: undefined,
		mergeRequests: [],
		tags: ['bitbucket', branch ?? tag].filter((text) => text !== undefined),
		stopsEnvironment: false,
	};
}

// A step that runs again, also to deploy again, keeps its UUID and gets the next run number.
function buildKey(environment: Environment, deployJob: string | undefined): DeploymentKey | undefined {
	const pipeline = readUuid(environment, 'BITBUCKET_PIPELINE_UUID');
	const step = [pipeline, readUuid(environment, 'BITBUCKET_STEP_UUID'), environment['BITBUCKET_STEP_RUN_NUMBER']];
	const ids = deployJob === undefined ? step : [pipeline, deployJob];
	const known = ids.filter((id) => id !== undefined);
	if (known.length < ids.length) return undefined;
	const kind = deployJob === undefined ? 'step' : 'pipeline';
	return { parts: ['bitbucket', kind, ...known], hasJobId: deployJob === undefined };
}

// In pull request pipelines BITBUCKET_COMMIT has 12 digits only (https://jira.atlassian.com/browse/BCLOUD-19393), and
// HEAD is a merge that nobody else has: the commit is asked for by its digits.
async function findCommit(environment: Environment, readCommit: ReadCommit): Promise<GitCommit | undefined> {
	const { BITBUCKET_COMMIT: sha, BITBUCKET_CLONE_DIR: directory = '.', PATH: searchPath } = environment;
	if (sha === undefined || !/^[0-9a-f]{7,64}$/i.test(sha)) return undefined;
	const commit = await readCommit({ sha, directory, searchPath });
	// A branch or tag whose name is made of such digits is another commit.
	return commit?.sha.startsWith(sha.toLowerCase()) ? commit : undefined;
}

// The subject of Bitbucket's merge commits: `Merged in feature/basket (pull request #12)`.
function findPullRequestId(message: string | undefined): string | undefined {
	return /^[^\n]*\(pull request #([1-9]\d{0,19})\)\r?(?:\n|$)/.exec(message ?? '')?.[1];
}

function joinUrl(base: string | undefined, ...parts: (string | undefined)[]): string | undefined {
	return base === undefined || parts.includes(undefined) ? undefined : [base, ...parts].join('/');
}

// `{…}` in variables: the braces are not part of the id.
function readUuid(environment: Environment, name: string): string | undefined {
	return environment[name]?.replace(/^\{(.*)\}$/, '$1');
}
