// The POST service of Bitbucket, which webhooks replaced in 2015; proxies and replays still send its payload.
import { property } from '../text/json-value.ts';
import { readList, readMessage, readText } from './payload.ts';
import { ignoreEvent, type ReportedEvent, rejectEvent } from './reported-event.ts';

/** Returns the JSON text in a form body (`payload=…`, a space is `+`), or a body that is JSON already. */
export function readPostServiceBody(body: string): string {
	if (!/^\s*payload=/.test(body)) return body;
	return new URLSearchParams(body.trim()).get('payload') ?? body;
}

/** Returns true if a payload has the form of the POST service, and not that of a webhook. */
export function isPostServicePayload(payload: unknown): boolean {
	const hasCommits = Array.isArray(property(payload, 'commits'));
	return (
		hasCommits &&
		(readText(payload, 'repository', 'absolute_url') !== undefined || property(payload, 'canon_url') !== undefined)
	);
}

/**
 * Reads the payload of the POST service, for git and for Mercurial: at most one push, which is that of the newest
 * commit.
 */
export function readPostServicePayload(payload: unknown): ReportedEvent {
	if (!isPostServicePayload(payload)) {
		return rejectEvent(
			'the body is not a payload of Bitbucket’s POST service: it has no commits and repository.absolute_url',
		);
	}
	const path = trimSlashes(readText(payload, 'repository', 'absolute_url') ?? '');
	const slug = readText(payload, 'repository', 'slug');
	const owner = readText(payload, 'repository', 'owner');
	const project = /^[^/]+\/[^/]+$/.test(path) ? path : owner && slug ? `${owner}/${slug}` : undefined;
	if (project === undefined) return rejectEvent('the POST service payload does not name its repository');
	const commits = readList(payload, 'commits');
	// The newest commit is the last. Only the head of a branch names its branch.
	const head = commits.at(-1);
	const sha = readText(head, 'raw_node') ?? readText(head, 'node');
	if (sha === undefined) {
		return ignoreEvent(
			'the push has no commits (a merge, a fast-forward, a deleted branch, or more than it can list): nothing to record',
		);
	}
	const branch = commits.map((commit) => readText(commit, 'branch')).findLast((name) => name !== undefined);
	const name = slug ?? project.slice(project.indexOf('/') + 1);
	return {
		kind: 'deployments',
		deployments: [
			{
				names: { project, environment: undefined, branch, tag: undefined, statuses: [] },
				deployment: {
					source: 'bitbucket',
					key: { parts: ['bitbucket', 'push', project, branch ?? '', sha.slice(0, 12)], hasJobId: true },
					kind: 'push',
					outcome: 'success',
					environment: '',
					project: name,
					commit: { sha, shortSha: sha.slice(0, 8), message: readMessage(head, 'message') },
					branch,
					tag: undefined,
					pullRequest: undefined,
					deployedBy: readText(payload, 'user'),
					pipeline: { url: undefined, createdAt: undefined },
					job: undefined,
					previous: undefined,
					mergeRequests: [],
					tags: branch === undefined ? ['bitbucket'] : ['bitbucket', branch],
				},
				hasRun: 'yes',
				note: undefined,
				job: undefined,
			},
		],
	};
}

function trimSlashes(path: string): string {
	return path.replace(/^\/+|\/+$/g, '');
}
