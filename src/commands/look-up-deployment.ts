import type { Deployment } from '../change/deployment.ts';
import { buildMergeRequestUrl, gitlab } from '../ci/gitlab.ts';
import { findMergeRequestNumber } from '../ci/merge-request-reference.ts';
import { readGitlabUrl } from '../ci/read-gitlab-url.ts';
import { completeDeployment, type LookedUpFact } from '../gitlab-api/complete-deployment.ts';
import { readDeploymentQuery } from '../gitlab-api/read-deployment-query.ts';
import type { Settings } from '../settings/settings.ts';
import { dropFromEnd } from '../text/trim-text.ts';
import type { CommandContext } from './command-context.ts';
import { openGitlab } from './open-gitlab.ts';

/** A deployment with the facts that GitLab's API and git report better than the variables of the job. */
export type LookedUpDeployment = Readonly<{
	deployment: Deployment;
	/** The reason why nothing was deployed, if GitLab reports that the deploy job did not start. */
	notStarted: string | undefined;
	/** The facts that GitLab's API reported. */
	fromApi: ReadonlySet<LookedUpFact>;
	/** True if git reported the commit message. */
	isMessageFromGit: boolean;
}>;

type LookupSettings = Pick<Settings, 'deployJob' | 'status' | 'lookup' | 'budgetMs'>;

const requestMs = 2000;
const totalMs = 5000;
// The delivery needs the rest of ALERT24_TIMEOUT.
const shareOfBudget = 0.5;

/**
 * Completes the deployment of a GitLab job by lookups, and by git if GitLab does not answer. Logs one line for each
 * refusal. Other CIs report every fact that they have in variables.
 */
export async function lookUpDeployment(
	deployment: Deployment,
	settings: LookupSettings,
	context: CommandContext,
): Promise<LookedUpDeployment> {
	const unchanged = { deployment, notStarted: undefined, fromApi: new Set<LookedUpFact>(), isMessageFromGit: false };
	if (!gitlab.isRunning(context.environment)) return unchanged;
	const completed = (await askGitlab(deployment, settings, context)) ?? unchanged;
	if (completed.fromApi.has('message')) return { ...completed, isMessageFromGit: false };
	const message = await readMessageFromGit(deployment, context);
	if (message === undefined) return { ...completed, isMessageFromGit: false };
	return { ...completed, deployment: withMessage(completed.deployment, message, context), isMessageFromGit: true };
}

async function askGitlab(
	deployment: Deployment,
	{ deployJob, status, lookup, budgetMs }: LookupSettings,
	context: CommandContext,
): Promise<Omit<LookedUpDeployment, 'isMessageFromGit'> | undefined> {
	const { environment, log } = context;
	const isAssumed = deployJob !== undefined && status === undefined;
	const consequence = isAssumed ? '; the outcome is assumed from the pipeline' : '';
	if (lookup === 'never') {
		log.detail(`GitLab lookups: none, because ALERT24_LOOKUP is never${consequence}`);
		return undefined;
	}
	const client = openGitlab(context, { requestMs, totalMs: Math.min(totalMs, budgetMs * shareOfBudget) });
	if (typeof client === 'string') {
		const line = `GitLab lookups: ${client}${consequence}`;
		if (isAssumed) log.notice(line);
		else log.detail(line);
		return undefined;
	}
	const completed = await completeDeployment(deployment, readDeploymentQuery(environment, deployJob), client);
	for (const line of completed.refusals) log.notice(line);
	return { ...completed, fromApi: completed.found };
}

async function readMessageFromGit(
	{ commit: { sha } }: Deployment,
	{ environment, readCommit }: CommandContext,
): Promise<string | undefined> {
	const { CI_PROJECT_DIR: directory, PATH: searchPath } = environment;
	if (sha === undefined || directory === undefined || !/^[0-9a-f]{40,64}$/.test(sha)) return undefined;
	const commit = await readCommit({ sha, directory, searchPath });
	return commit?.sha === sha ? dropFromEnd(commit.message, '\r\n') || undefined : undefined;
}

function withMessage(deployment: Deployment, message: string, { environment }: CommandContext): Deployment {
	const commit = { ...deployment.commit, message };
	if (environment['CI_MERGE_REQUEST_IID'] !== undefined) return { ...deployment, commit };
	const path = environment['CI_PROJECT_PATH'];
	const url = readGitlabUrl(environment, 'CI_PROJECT_URL');
	const number = findMergeRequestNumber(message, { path, url });
	const pullRequest = number === undefined ? undefined : { number, url: buildMergeRequestUrl(url, number) };
	return { ...deployment, commit, pullRequest: pullRequest ?? deployment.pullRequest };
}
