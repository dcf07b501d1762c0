// https://support.atlassian.com/bitbucket-cloud/docs/event-payloads/
import type { Deployment, DeploymentKey, Outcome, PullRequest } from '../change/deployment.ts';
import { quote } from '../text/visible-text.ts';
import { readList, readMessage, readNumber, readText, readTime, readValue } from './payload.ts';
import { ignoreEvent, type ReportedDeployment, type ReportedEvent, rejectEvent } from './reported-event.ts';

const outcomesByState: Readonly<Record<string, Outcome>> = {
	SUCCESSFUL: 'success',
	FAILED: 'failed',
	STOPPED: 'canceled',
};

/** Reads the body of a webhook of Bitbucket Cloud; the event is the X-Event-Key header. */
export function readBitbucketEvent(event: string | undefined, payload: unknown): ReportedEvent {
	if (readValue(payload, 'eventKey') !== undefined || readValue(payload, 'refChanges') !== undefined) {
		return rejectEvent('the body is of Bitbucket Server or Data Center; only webhooks of Bitbucket Cloud are read');
	}
	const repository = readRepository(payload);
	if (event === undefined) {
		return ignoreEvent(
			'the body is not an event that is recorded: one of GitLab has an object_kind (remove a custom template of the webhook), one of Bitbucket a push, a commit status or a merged pull request',
		);
	}
	const isKnown = event === 'repo:push' || event === 'pullrequest:fulfilled' || event.startsWith('repo:commit_status_');
	if (!isKnown) return ignoreEvent(`the Bitbucket event ${quote(event)} reports neither a push nor a commit status`);
	if (repository === undefined) {
		return rejectEvent(`the Bitbucket event ${quote(event)} has no repository.full_name: it is not of Bitbucket Cloud`);
	}
	if (event === 'repo:push') return readPush(repository, payload);
	return event === 'pullrequest:fulfilled' ? readMerge(repository, payload) : readCommitStatus(repository, payload);
}

type Repository = Readonly<{ id: string; fullName: string; url: string }>;

function readRepository(payload: unknown): Repository | undefined {
	const fullName = readText(payload, 'repository', 'full_name');
	if (fullName === undefined || !/^[^/]+\/[^/]+$/.test(fullName)) return undefined;
	const uuid = readText(payload, 'repository', 'uuid')?.replace(/^\{(.*)\}$/, '$1');
	return { id: uuid ?? fullName, fullName, url: `https://bitbucket.org/${fullName}` };
}

function readPush(repository: Repository, payload: unknown): ReportedEvent {
	const changes = readList(payload, 'push', 'changes');
	if (changes.length === 0) return ignoreEvent('the push has no changes: nothing to record');
	const deployments: ReportedDeployment[] = [];
	for (const change of changes) {
		const name = readText(change, 'new', 'name');
		const sha = readText(change, 'new', 'target', 'hash');
		// `new` is null for a deleted branch or tag.
		if (name === undefined || sha === undefined) continue;
		const isTag = readText(change, 'new', 'type') === 'tag';
		const keyParts = buildPushKey(isTag ? 'tag' : 'push', repository.id, name, sha);
		// A branch that is set back to an earlier commit is another deployment than the first push of that commit.
		const replaced = readValue(change, 'forced') === true ? readText(change, 'old', 'target', 'hash') : undefined;
		deployments.push(
			buildPush(repository, payload, {
				key: replaced === undefined ? keyParts : [...keyParts, 'from', replaced.slice(0, 12)],
				branch: isTag ? undefined : name,
				tag: isTag ? name : undefined,
				sha,
				message: readMessage(change, 'new', 'target', 'message'),
				pullRequest: undefined,
			}),
		);
	}
	if (deployments.length === 0) return ignoreEvent('the push only deletes branches or tags: nothing to record');
	return { kind: 'deployments', deployments };
}

// A merged pull request is a push to the destination branch, and has the same key as the repo:push event for it.
function readMerge(repository: Repository, payload: unknown): ReportedEvent {
	const branch = readText(payload, 'pullrequest', 'destination', 'branch', 'name');
	const sha = readText(payload, 'pullrequest', 'merge_commit', 'hash');
	const number = readNumber(payload, 'pullrequest', 'id');
	if (branch === undefined || sha === undefined || number === undefined) {
		return ignoreEvent('the merged pull request has no merge commit: nothing to record');
	}
	const message = readMessage(payload, 'pullrequest', 'title');
	const pullRequest = { number, url: `${repository.url}/pull-requests/${number}` };
	const key = buildPushKey('push', repository.id, branch, sha);
	return {
		kind: 'deployments',
		deployments: [buildPush(repository, payload, { key, branch, tag: undefined, sha, message, pullRequest })],
	};
}

function readCommitStatus(repository: Repository, payload: unknown): ReportedEvent {
	const key = readText(payload, 'commit_status', 'key');
	const state = readText(payload, 'commit_status', 'state');
	const sha =
		readText(payload, 'commit_status', 'commit', 'hash') ??
		/\/commit\/([0-9a-f]{7,64})(?:\/|$)/.exec(readText(payload, 'commit_status', 'links', 'commit', 'href') ?? '')?.[1];
	if (key === undefined || state === undefined || sha === undefined) {
		return rejectEvent('the commit status has no key, state or commit: it is not an event of Bitbucket Cloud');
	}
	const outcome = outcomesByState[state];
	if (outcome === undefined) return ignoreEvent(`the commit status ${quote(state)} is not an outcome`);
	const name = readText(payload, 'commit_status', 'name');
	const branch = readText(payload, 'commit_status', 'refname');
	const url = readText(payload, 'commit_status', 'url');
	const isPipeline = url?.startsWith(`${repository.url}/`) === true && url.includes('/pipelines/');
	const build = /\/results\/(\d+)/.exec(url ?? '')?.[1];
	const isPerson = readText(payload, 'actor', 'type') === 'user';
	const deployment: Deployment = {
		...buildDeployment(repository, { parts: ['bitbucket', 'status', repository.id, key, sha], hasJobId: false }),
		source: isPipeline ? 'bitbucket-pipelines' : 'bitbucket',
		kind: 'deployment',
		outcome,
		commit: { sha, shortSha: sha.slice(0, 8), message: readMessage(payload, 'commit_status', 'commit', 'message') },
		branch,
		tags: buildTags(branch),
		deployedBy: isPerson ? readPerson(payload) : undefined,
		pipeline: {
			url: isPipeline && build !== undefined ? `${repository.url}/pipelines/results/${build}` : url,
			createdAt: undefined,
		},
		job: {
			url: undefined,
			startedAt: undefined,
			finishedAt: readTime(payload, 'commit_status', 'updated_on'),
			durationSeconds: undefined,
		},
	};
	const statuses = [key, ...(name === undefined ? [] : [name])];
	return {
		kind: 'deployments',
		deployments: [
			{
				names: { project: repository.fullName, environment: undefined, branch, tag: undefined, statuses },
				deployment,
				hasRun: 'yes',
				note: name === undefined ? undefined : `Commit status: ${name}`,
				job: undefined,
			},
		],
	};
}

type Push = Readonly<{
	key: readonly string[];
	branch: string | undefined;
	tag: string | undefined;
	sha: string;
	message: string | undefined;
	pullRequest: PullRequest | undefined;
}>;

function buildPush(repository: Repository, payload: unknown, push: Push): ReportedDeployment {
	const { key, branch, tag, sha, message, pullRequest } = push;
	return {
		names: { project: repository.fullName, environment: undefined, branch, tag, statuses: [] },
		deployment: {
			...buildDeployment(repository, { parts: key, hasJobId: true }),
			commit: { sha, shortSha: sha.slice(0, 8), message },
			branch,
			tag,
			pullRequest,
			deployedBy: readPerson(payload),
			tags: buildTags(branch ?? tag),
		},
		hasRun: 'yes',
		note: undefined,
		job: undefined,
	};
}

// Twelve digits, because an event of a merged pull request has no more.
function buildPushKey(kind: 'push' | 'tag', repositoryId: string, name: string, sha: string): readonly string[] {
	return ['bitbucket', kind, repositoryId, name, sha.slice(0, 12)];
}

function buildDeployment({ fullName }: Repository, key: DeploymentKey): Deployment {
	return {
		source: 'bitbucket',
		key,
		kind: 'push',
		outcome: 'success',
		environment: '',
		project: fullName.slice(fullName.indexOf('/') + 1),
		commit: { sha: undefined, shortSha: undefined, message: undefined },
		branch: undefined,
		tag: undefined,
		pullRequest: undefined,
		deployedBy: undefined,
		pipeline: { url: undefined, createdAt: undefined },
		job: undefined,
		previous: undefined,
		mergeRequests: [],
		tags: ['bitbucket'],
	};
}

function buildTags(ref: string | undefined): readonly string[] {
	return ref === undefined ? ['bitbucket'] : ['bitbucket', ref];
}

function readPerson(payload: unknown): string | undefined {
	return readText(payload, 'actor', 'display_name') ?? readText(payload, 'actor', 'nickname');
}
