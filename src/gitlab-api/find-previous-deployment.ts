import type { Deployment, PreviousDeployment } from '../change/deployment.ts';
import { quote } from '../text/visible-text.ts';
import { findGroupName } from './find-deploy-job.ts';
import type { GitlabClient } from './gitlab-client.ts';
import { type GitlabDeployment, readDeployment } from './payloads.ts';

/** The deployment whose predecessor is wanted. Unknown facts are undefined. */
export type OwnDeployment = Readonly<{
	sha: string | undefined;
	pipelineId: string | undefined;
	/** The name of its job. Undefined: the name is not known. Null: it has no job. */
	jobName: string | null | undefined;
	/** The ids of its job, or of the parallel instances of it. Empty: not known. */
	jobIds: readonly string[];
	/** True if `jobName` stands for all parallel instances. */
	isGroup: boolean;
	/** The id of the deployment. */
	id: number | undefined;
	/** ISO 8601. */
	startedAt: string | undefined;
}>;

export type History = Readonly<{ kind: Deployment['kind']; previous: PreviousDeployment | undefined }>;

export type Successes = Readonly<{
	/** The newest first. */
	deployments: readonly GitlabDeployment[];
	/** True if GitLab has older ones. */
	isTruncated: boolean;
}>;

/**
 * Returns the newest 100 successful deployments to an environment. With `before` (ISO 8601), only those that GitLab
 * updated last before it, by their last update. Throws a LookupError.
 */
export async function listSuccesses(client: GitlabClient, environment: string, before?: string): Promise<Successes> {
	const order = before === undefined ? { order_by: 'id' } : { order_by: 'updated_at', updated_before: before };
	const query = { environment, status: 'success', ...order, sort: 'desc' };
	const { items, hasMore } = await client.list('/deployments', query, readDeployment, 1);
	return { deployments: items, isTruncated: hasMore };
}

/**
 * Returns true if a deployment succeeded after a time (ISO 8601), and no other one to its environment did. Its parallel
 * instances have a deployment each.
 */
export function isOnlySuccessAfter(
	time: string,
	own: OwnDeployment,
	{ deployments: successes, isTruncated }: Successes,
): boolean {
	const isBeforeTime = ({ updatedAt = '' }: GitlabDeployment) => Date.parse(updatedAt) <= Date.parse(time);
	const later = successes.filter((one) => !isBeforeTime(one));
	if (isTruncated && later.length === successes.length) return false;
	return later.length > 0 && later.every((one) => isOfOwnJob(own, one));
}

/**
 * Compares a deployment with the successful deployments of the same job before it, newest first. A rollback deploys a
 * commit that the same job deployed before, and another commit since. `isEnvironmentKnown`: GitLab has the environment
 * under the name of the list; an environment set by hand may have another name there, so that an empty list proves
 * nothing.
 */
export function compareWithPrevious(
	own: OwnDeployment,
	{ deployments: successes, isTruncated }: Successes,
	projectUrl: string | undefined,
	isEnvironmentKnown: boolean,
): History {
	const ownId = own.id ?? successes.find((one) => isOfOwnJob(own, one))?.id;
	const others = successes.filter((one) => !isOwn(own, one) && isBefore(own, ownId, one));
	if (others.length === 0) {
		const isFirst = !isTruncated && (isEnvironmentKnown || successes.length > 0);
		return { kind: isFirst ? 'first-deployment' : 'deployment', previous: undefined };
	}
	const ofSameJob = others.filter(({ job }) => own.jobName === undefined || isSameJob(own, job));
	const [last] = ofSameJob;
	if (last === undefined) return { kind: 'deployment', previous: undefined };
	const previous = {
		sha: last.sha,
		deployedAt: last.job?.finishedAt ?? last.updatedAt ?? last.createdAt,
		compareUrl:
			projectUrl === undefined || own.sha === undefined || last.sha === own.sha
				? undefined
				: `${projectUrl}/-/compare/${last.sha}...${own.sha}`,
	};
	if (last.sha === own.sha) return { kind: 'redeployment', previous };
	return { kind: ofSameJob.some(({ sha }) => sha === own.sha) ? 'rollback' : 'deployment', previous };
}

/** Returns the reason why the previous deployment is not known, if the list ends before it. */
export function describeGap(
	{ jobName }: OwnDeployment,
	{ deployments, isTruncated }: Successes,
	{ previous }: Pick<Deployment, 'previous'>,
	environment: string,
): string | undefined {
	if (!isTruncated || previous !== undefined) return undefined;
	const ofJob = jobName === null ? ' without a job' : jobName === undefined ? '' : ` of the job ${quote(jobName)}`;
	return `no earlier one${ofJob} is among the newest ${deployments.length} to ${quote(environment)}`;
}

function isOwn(own: OwnDeployment, { id, job }: GitlabDeployment): boolean {
	if (own.id !== undefined) return id === own.id;
	return job !== undefined && own.jobIds.includes(job.id);
}

function isOfOwnJob(own: OwnDeployment, { job }: GitlabDeployment): boolean {
	if (own.jobIds.length > 0) return job !== undefined && own.jobIds.includes(job.id);
	return job?.pipeline.id === own.pipelineId && isSameJob(own, job);
}

// Deployments get their ids when their jobs start.
function isBefore(own: OwnDeployment, ownId: number | undefined, { id, createdAt }: GitlabDeployment): boolean {
	if (ownId !== undefined) return id < ownId;
	if (own.startedAt === undefined || createdAt === undefined) return true;
	return Date.parse(createdAt) < Date.parse(own.startedAt);
}

function isSameJob({ jobName, isGroup }: OwnDeployment, job: GitlabDeployment['job']): boolean {
	if (job === undefined) return jobName === null;
	return job.name === jobName || (isGroup && findGroupName(job.name) === jobName);
}
