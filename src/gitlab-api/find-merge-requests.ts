import type { PullRequest } from '../change/deployment.ts';
import { buildMergeRequestUrl } from '../ci/gitlab.ts';
import type { GitlabClient } from './gitlab-client.ts';
import { type GitlabMergeRequest, readMergeRequest } from './payloads.ts';

/** The merge request of a deployment, and all merge requests that it ships if they are several. */
export type ShippedMergeRequests = Readonly<{
	pullRequest: PullRequest | undefined;
	/** E.g. `!12`, in ascending order. */
	references: readonly string[];
}>;

const mostReferences = 20;

/** Returns the merged merge requests that a deployment shipped first. Throws a LookupError. */
export async function listShippedMergeRequests(client: GitlabClient, deploymentId: number) {
	return onlyMerged((await client.list(`/deployments/${deploymentId}/merge_requests`, {}, readMergeRequest, 1)).items);
}

/**
 * Returns the merged merge requests that the successful deployments to an environment shipped first after a time (ISO
 * 8601). Unlike the list of one deployment, it needs no id from another response. Throws a LookupError.
 */
export async function listMergeRequestsShippedAfter(client: GitlabClient, environment: string, time: string) {
	const query = { state: 'merged', environment, deployed_after: time };
	return onlyMerged((await client.list('/merge_requests', query, readMergeRequest, 1)).items);
}

/** Returns the merged merge requests that contain a commit. Throws a LookupError. */
export async function listMergeRequestsOfCommit(client: GitlabClient, sha: string) {
	const path = `/repository/commits/${encodeURIComponent(sha)}/merge_requests`;
	return onlyMerged((await client.list(path, {}, readMergeRequest, 1)).items);
}

/** Chooses the merge request whose merge put the deployed commit on its branch; the only one if there is one. */
export function chooseMergeRequest(
	merged: readonly GitlabMergeRequest[],
	sha: string | undefined,
	projectUrl: string | undefined,
): ShippedMergeRequests {
	const ofCommit = merged.filter(({ shas }) => sha !== undefined && shas.includes(sha));
	const [chosen] = ofCommit.length > 0 ? ofCommit : merged.length === 1 ? merged : [];
	const numbers = merged.map(({ iid }) => Number(iid)).slice(0, mostReferences);
	return {
		pullRequest: chosen && { number: chosen.iid, url: buildMergeRequestUrl(projectUrl, chosen.iid) },
		references: merged.length > 1 ? numbers.toSorted((a, b) => a - b).map((iid) => `!${iid}`) : [],
	};
}

function onlyMerged(mergeRequests: readonly GitlabMergeRequest[]): readonly GitlabMergeRequest[] {
	return mergeRequests.filter(({ isMerged }) => isMerged);
}
