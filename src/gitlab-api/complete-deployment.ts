import type { Deployment } from '../change/deployment.ts';
import { buildJobKey, buildMergeRequestUrl } from '../ci/gitlab.ts';
import { findMergeRequestNumber } from '../ci/merge-request-reference.ts';
import { property } from '../text/json-value.ts';
import { dropFromEnd } from '../text/trim-text.ts';
import { type DeployJobQuery, findDeployJob } from './find-deploy-job.ts';
import { chooseMergeRequest, listMergeRequestsOfCommit, listMergeRequestsShippedAfter } from './find-merge-requests.ts';
import {
	compareWithPrevious,
	describeGap,
	isOnlySuccessAfter,
	listSuccesses,
	type OwnDeployment,
} from './find-previous-deployment.ts';
import { type GitlabClient, LookupError, unknownFormat } from './gitlab-client.ts';
import { judgeInstances } from './judge-job.ts';
import type { GitlabJob } from './payloads.ts';

/** The place of a deployment in GitLab. */
export type DeploymentQuery = Readonly<{
	/** The host of the external_id, with its port. */
	host: string | undefined;
	project: Readonly<{ id: string; path: string | undefined; url: string | undefined }>;
	pipelineId: string | undefined;
	/** The name of the running job's environment in GitLab. The recorded environment may have another name. */
	environment: string | undefined;
	deployJob:
		| Readonly<{ kind: 'separate'; name: string }>
		/** The running job deploys: its outcome is known, and its deployment has not ended. */
		| Readonly<{ kind: 'running'; id: string | undefined; name: string | undefined }>;
	/** True if the variables of the job name the merge request. */
	isMergeRequestPipeline: boolean;
}>;

/** The facts of a deployment that lookups replace. */
export type LookedUpFact = 'job' | 'message' | 'previous' | 'mergeRequests';

export type CompletedDeployment = Readonly<{
	/** The deployment with the facts that GitLab reported. */
	deployment: Deployment;
	/** The reason why nothing was deployed, if GitLab reports that the deploy job did not start. */
	notStarted: string | undefined;
	/** The facts that GitLab reported. */
	found: ReadonlySet<LookedUpFact>;
	/** One line for each question that GitLab did not answer. */
	refusals: readonly string[];
}>;

/** The answer to one question, or the reason why there is none. */
type Answer<T> = Readonly<{ value?: T; refusal?: string }>;

/**
 * Completes a deployment with the facts that the variables of a job omit or report wrongly. Sends the requests at once,
 * so that they take as long as the slowest of them. A refusal is not an error: the deployment keeps the facts of the
 * variables.
 */
export async function completeDeployment(
	deployment: Deployment,
	query: DeploymentQuery,
	client: GitlabClient,
): Promise<CompletedDeployment> {
	const { sha } = deployment.commit;
	const { deployJob, project } = query;
	const isSeparate = deployJob.kind === 'separate';
	const environment = query.environment ?? deployment.environment;
	const { createdAt } = deployment.pipeline;
	const needsMergeRequest = deployment.pullRequest === undefined && !query.isMergeRequestPipeline;
	// GitLab computes the merge requests of a deployment when it succeeds: too late for its own job.
	const canHaveShipped = needsMergeRequest && isSeparate && createdAt !== undefined;

	const [job, message, successes, shippedSince, ofCommit] = await Promise.all([
		isSeparate ? ask(() => findDeployJob(client, readJobQuery(deployment, query))) : undefined,
		ask(() => readCommitMessage(client, need(sha, 'CI_COMMIT_SHA'))),
		ask(() => listSuccesses(client, environment)),
		canHaveShipped ? ask(() => listMergeRequestsShippedAfter(client, environment, createdAt)) : undefined,
		needsMergeRequest ? ask(() => listMergeRequestsOfCommit(client, need(sha, 'CI_COMMIT_SHA'))) : undefined,
	]);

	const verdict = job?.value && judgeInstances(job.value);
	const instances = verdict?.kind === 'unfinished' ? undefined : job?.value;
	const own = describeOwn(deployment, query, instances);
	const found = new Set<LookedUpFact>();
	let completed = deployment;
	if ('value' in message) {
		found.add('message');
		completed = withMessage(completed, message.value, query);
	}
	if (successes.value !== undefined) {
		found.add('previous');
		completed = {
			...completed,
			...compareWithPrevious(own, successes.value, project.url, query.environment !== undefined),
		};
	}
	if (instances !== undefined) {
		found.add('job');
		completed = withJob(completed, instances, query);
	}
	// If another deployment has ended since the pipeline was created, the list contains its merge requests as well.
	const isAlone = createdAt && successes.value && isOnlySuccessAfter(createdAt, own, successes.value);
	const shipped = isAlone ? (shippedSince?.value ?? []) : [];
	const mergeRequests: typeof ofCommit = shipped.length > 0 ? { value: shipped } : ofCommit;
	if (mergeRequests?.value !== undefined) {
		found.add('mergeRequests');
		const { pullRequest, references } = chooseMergeRequest(mergeRequests.value, sha, project.url);
		completed = { ...completed, pullRequest: completed.pullRequest ?? pullRequest, mergeRequests: references };
	}
	const jobRefusal = verdict?.kind === 'unfinished' ? verdict.reason : job?.refusal;
	const gap = successes.value && describeGap(own, successes.value, completed, environment);
	const refusals = [
		describeRefusal('the deploy job', jobRefusal, 'the outcome is assumed from the pipeline'),
		describeRefusal('the commit message', message.refusal, 'git or CI_COMMIT_MESSAGE is used'),
		describeRefusal('the previous deployment', successes.refusal ?? gap, 'the change is recorded without it'),
		describeRefusal('the merge request', mergeRequests?.refusal, 'the change is recorded without it'),
	].filter((line) => line !== undefined);
	return {
		deployment: completed,
		notStarted: verdict?.kind === 'not started' ? verdict.reason : undefined,
		found,
		refusals,
	};
}

/** Returns the exact message of a commit, without trailing newlines. Throws a LookupError. */
export async function readCommitMessage(client: GitlabClient, sha: string): Promise<string | undefined> {
	const { body } = await client.get(`/repository/commits/${encodeURIComponent(sha)}`);
	const message = property(body, 'message');
	if (typeof message !== 'string') throw new LookupError(unknownFormat);
	return dropFromEnd(message, '\r\n') || undefined;
}

function withMessage(deployment: Deployment, message: string | undefined, query: DeploymentQuery): Deployment {
	const { project, isMergeRequestPipeline } = query;
	const commit = { ...deployment.commit, message };
	if (isMergeRequestPipeline) return { ...deployment, commit };
	const number = findMergeRequestNumber(message ?? '', project);
	const pullRequest = number === undefined ? undefined : { number, url: buildMergeRequestUrl(project.url, number) };
	return { ...deployment, commit, pullRequest };
}

function withJob(
	deployment: Deployment,
	instances: readonly GitlabJob[],
	{ host, project }: DeploymentQuery,
): Deployment {
	const verdict = judgeInstances(instances);
	const outcome = verdict.kind === 'ended' ? verdict.outcome : deployment.outcome;
	// Of parallel instances the page of one that decided the outcome.
	const isDecisive = (job: GitlabJob) => {
		const own = judgeInstances([job]);
		return own.kind === 'ended' && own.outcome === outcome;
	};
	const [first] = instances;
	const decisive = instances.find(isDecisive) ?? first;
	const startedAt = findFirstStart(instances);
	const finishedAt = instances
		.flatMap((job) => job.finishedAt ?? [])
		.toSorted()
		.at(-1);
	const isSingle = instances.length === 1;
	return {
		...deployment,
		outcome,
		// Parallel instances are one deployment here, and have no id in common.
		key:
			isSingle && first !== undefined && host !== undefined ? buildJobKey(host, project.id, first.id) : deployment.key,
		deployedBy: decisive?.user ?? deployment.deployedBy,
		job: {
			url: decisive?.url,
			startedAt,
			finishedAt,
			durationSeconds: isSingle ? first?.durationSeconds : measureSeconds(startedAt, finishedAt),
		},
	};
}

function findFirstStart(instances: readonly GitlabJob[]): string | undefined {
	return instances.flatMap((job) => job.startedAt ?? []).toSorted()[0];
}

function measureSeconds(startedAt: string | undefined, finishedAt: string | undefined): number | undefined {
	if (startedAt === undefined || finishedAt === undefined) return undefined;
	const seconds = (Date.parse(finishedAt) - Date.parse(startedAt)) / 1000;
	return Number.isNaN(seconds) ? undefined : seconds;
}

function readJobQuery(deployment: Deployment, { deployJob, pipelineId }: DeploymentQuery): DeployJobQuery {
	const name = need(deployJob.name, 'CI_JOB_NAME');
	return { pipelineId: need(pipelineId, 'CI_PIPELINE_ID'), name, environment: deployment.environment };
}

function describeOwn(
	deployment: Deployment,
	{ deployJob, pipelineId }: DeploymentQuery,
	instances: readonly GitlabJob[] = [],
): OwnDeployment {
	const common = { id: undefined, sha: deployment.commit.sha, pipelineId, jobName: deployJob.name };
	if (deployJob.kind === 'running') {
		const jobIds = deployJob.id === undefined ? [] : [deployJob.id];
		return { ...common, jobIds, isGroup: false, startedAt: deployment.job?.startedAt };
	}
	return {
		...common,
		jobIds: instances.map(({ id }) => id),
		isGroup: !instances.some(({ name }) => name === deployJob.name),
		startedAt: findFirstStart(instances),
	};
}

async function ask<T>(question: () => Promise<T>): Promise<Answer<T>> {
	try {
		return { value: await question() };
	} catch (error) {
		if (error instanceof LookupError) return { refusal: error.message };
		throw error;
	}
}

function describeRefusal(question: string, reason: string | undefined, consequence: string): string | undefined {
	return reason === undefined ? undefined : `GitLab lookup of ${question}: ${reason}; ${consequence}`;
}

function need(value: string | undefined, variable: string): string {
	if (value === undefined) throw new LookupError(`${variable} is not set`);
	return value;
}
