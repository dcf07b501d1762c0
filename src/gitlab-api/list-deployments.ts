import type { Deployment } from '../change/deployment.ts';
import { buildJobKey, buildMergeRequestUrl } from '../ci/gitlab.ts';
import { findMergeRequestNumber, findMergeRequestNumberInRef } from '../ci/merge-request-reference.ts';
import { dropFromEnd } from '../text/trim-text.ts';
import { quote } from '../text/visible-text.ts';
import type { GitlabClient } from './gitlab-client.ts';
import { type JobVerdict, judgeJob } from './judge-job.ts';
import { type GitlabDeployment, readDeployment } from './payloads.ts';

/** The project whose deployments are listed. */
export type GitlabProject = Readonly<{
	/** The host of the external_id, with its port. */
	host: string;
	id: string;
	name: string | undefined;
	path: string | undefined;
	url: string | undefined;
}>;

export type DeploymentList = Readonly<{
	/** The newest update first. */
	deployments: readonly GitlabDeployment[];
	/** True if the limit of pages was reached. The deployments that were updated first are missing. */
	isTruncated: boolean;
}>;

/** The most pages of 100 deployments that are read. */
export const mostPages = 20;

/** Lists the deployments that GitLab updated since a time. Throws a LookupError. */
export async function listDeployments(
	client: GitlabClient,
	since: Date,
	environment: string | undefined,
): Promise<DeploymentList> {
	// Newest first: a deployment that is updated meanwhile shifts the pages, so that one may come twice but none is
	// skipped.
	const query = {
		updated_after: since.toISOString(),
		order_by: 'updated_at',
		sort: 'desc',
		...(environment !== undefined && { environment }),
	};
	const { items, hasMore } = await client.list('/deployments', query, readDeployment, mostPages);
	const byId = new Map(items.map((deployment) => [deployment.id, deployment]));
	return { deployments: [...byId.values()], isTruncated: hasMore };
}

/**
 * Returns the number of deployments, to one environment or to all, that GitLab updated last before a time; undefined if
 * GitLab does not count them.
 */
export async function countOlderDeployments(
	client: GitlabClient,
	before: Date,
	environment: string | undefined,
): Promise<number | undefined> {
	const query = {
		updated_before: before.toISOString(),
		order_by: 'updated_at',
		sort: 'desc',
		per_page: '1',
		...(environment !== undefined && { environment }),
	};
	return (await client.get('/deployments', query)).total;
}

/**
 * Judges a deployment by its job. A deployment without a job ends with its own status
 * (docs.gitlab.com/api/deployments).
 */
export function judgeDeployment({ status, job }: GitlabDeployment): JobVerdict {
	if (status !== 'success' && status !== 'failed' && status !== 'canceled') {
		return { kind: 'unfinished', reason: `the deployment has the status ${quote(status)}` };
	}
	return job === undefined ? { kind: 'ended', outcome: status } : judgeJob(job);
}

/**
 * Converts a deployment of GitLab's list. Its history is not in the list, nor is a merge request that both the ref and
 * the commit message omit, nor the source branch of a merge request.
 */
export function toDeployment(
	listed: GitlabDeployment,
	outcome: Deployment['outcome'],
	project: GitlabProject,
): Deployment {
	const { id, job, sha, ref, environment } = listed;
	const message = dropFromEnd(job?.commitMessage ?? '', '\r\n') || undefined;
	const number = findMergeRequestNumberInRef(ref) ?? findMergeRequestNumber(message ?? '', project);
	const tag = job?.isTag ? ref : undefined;
	return {
		source: 'gitlab-ci',
		key:
			job === undefined
				? { parts: ['gitlab', project.host, project.id, 'deployment', String(id)], hasJobId: true }
				: buildJobKey(project.host, project.id, job.id),
		kind: 'deployment',
		outcome,
		environment,
		project: project.name,
		commit: { sha, shortSha: sha.slice(0, 8), message },
		branch: tag === undefined && !ref?.startsWith('refs/') ? ref : undefined,
		tag,
		pullRequest: number === undefined ? undefined : { number, url: buildMergeRequestUrl(project.url, number) },
		deployedBy: job?.user ?? listed.user,
		pipeline: { url: job?.pipeline.url, createdAt: job?.pipeline.createdAt },
		job: job && {
			url: job.url,
			startedAt: job.startedAt,
			finishedAt: job.finishedAt,
			durationSeconds: job.durationSeconds,
		},
		previous: undefined,
		mergeRequests: [],
		tags: ['gitlab', environment, tag].filter((text) => text !== undefined),
	};
}
