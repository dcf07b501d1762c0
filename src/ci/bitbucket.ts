// https://support.atlassian.com/bitbucket-cloud/docs/variables-and-secrets/
import type { Environment } from '../environment.ts';
import { dropFromEnd } from '../text/trim-text.ts';
import type { CiRun, PullRequest } from './ci-run.ts';
import type { GitCommit, ReadCommit } from './git-commit.ts';

/** Whether the environment is that of a Bitbucket Pipelines step, or of a pipe in one. */
export function isBitbucket(environment: Environment): boolean {
	return environment['BITBUCKET_BUILD_NUMBER'] !== undefined;
}

/** Gives what Bitbucket's default variables tell of the running step, and git of its commit. */
export async function readBitbucketRun(environment: Environment, readCommit: ReadCommit): Promise<CiRun> {
	const commit = await findCommit(environment, readCommit);
	const commitSha = commit?.sha ?? environment['BITBUCKET_COMMIT'];
	const pipelineUrl = joinUrl(
		readRepositoryUrl(environment),
		'pipelines/results',
		environment['BITBUCKET_BUILD_NUMBER'],
	);
	const stepUuid = readUuid(environment, 'BITBUCKET_STEP_UUID');
	const pipelineUuid = readUuid(environment, 'BITBUCKET_PIPELINE_UUID');
	return {
		ci: 'bitbucket',
		source: 'bitbucket-pipelines',
		project: environment['BITBUCKET_REPO_SLUG'],
		commitSha,
		commitShortSha: commitSha?.slice(0, 8),
		commitMessage: commit && (dropFromEnd(commit.message, '\r\n') || undefined),
		// Absent in pipelines for a tag; in those for a pull request the source branch.
		branch: environment['BITBUCKET_BRANCH'],
		tag: environment['BITBUCKET_TAG'],
		pullRequest: readPullRequest(environment),
		pipelineUrl,
		environment: environment['BITBUCKET_DEPLOYMENT_ENVIRONMENT'],
		stopsEnvironment: false,
		// No variable tells a name (https://jira.atlassian.com/browse/BCLOUD-13743), and the commit's author is not the one who deployed.
		triggeredBy: readUuid(environment, 'BITBUCKET_STEP_TRIGGERER_UUID'),
		job: { url: joinUrl(pipelineUrl, 'steps', stepUuid && encodeURIComponent(`{${stepUuid}}`)), startedAt: undefined },
		// A step that is run again, also to deploy again, keeps its UUID and gets the next run number.
		jobKey: readKey('step', pipelineUuid, stepUuid, environment['BITBUCKET_STEP_RUN_NUMBER']),
		pipelineKey: readKey('pipeline', pipelineUuid),
		// In an after-script the exit code of the script, whatever it is; in a script, where all went well so far, absent.
		outcome: (environment['BITBUCKET_EXIT_CODE'] ?? '0') === '0' ? 'success' : 'failed',
	};
}

/** The file whose `KEY=VALUE` lines become the step's output variables (https://support.atlassian.com/bitbucket-cloud/docs/variable-sharing/). */
export function findVariablesFile(environment: Environment): string | undefined {
	return isBitbucket(environment) ? environment['BITBUCKET_PIPELINES_VARIABLES_PATH'] : undefined;
}

// In pull request pipelines BITBUCKET_COMMIT has 12 digits only (https://jira.atlassian.com/browse/BCLOUD-19393), and HEAD is a merge that
// nobody else has: the commit is asked for by its digits.
async function findCommit(environment: Environment, readCommit: ReadCommit): Promise<GitCommit | undefined> {
	const { BITBUCKET_COMMIT: sha, BITBUCKET_CLONE_DIR: directory = '.', PATH: searchPath } = environment;
	if (sha === undefined || !/^[0-9a-f]{7,64}$/i.test(sha)) return undefined;
	const commit = await readCommit({ sha, directory, searchPath });
	// A branch or tag whose name is made of such digits is another commit.
	return commit?.sha.startsWith(sha.toLowerCase()) ? commit : undefined;
}

function readPullRequest(environment: Environment): PullRequest | undefined {
	const number = environment['BITBUCKET_PR_ID'];
	return number === undefined
		? undefined
		: { number, url: joinUrl(readRepositoryUrl(environment), 'pull-requests', number) };
}

// BITBUCKET_GIT_HTTP_ORIGIN is no page to link to: it begins with http://.
function readRepositoryUrl(environment: Environment): string | undefined {
	return joinUrl('https://bitbucket.org', environment['BITBUCKET_REPO_FULL_NAME']);
}

function joinUrl(base: string | undefined, ...parts: (string | undefined)[]): string | undefined {
	return base === undefined || parts.includes(undefined) ? undefined : [base, ...parts].join('/');
}

// `{…}` in variables: the braces are no part of the id.
function readUuid(environment: Environment, name: string): string | undefined {
	return environment[name]?.replace(/^\{(.*)\}$/, '$1');
}

function readKey(kind: string, ...ids: (string | undefined)[]): string[] | undefined {
	const known = ids.filter((id) => id !== undefined);
	return known.length === ids.length ? ['bitbucket', kind, ...known] : undefined;
}
