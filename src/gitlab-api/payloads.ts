import { property } from '../text/json-value.ts';

/** The facts of a job (docs.gitlab.com/api/jobs) that this program uses. Times are ISO 8601. */
export type GitlabJob = Readonly<{
	id: string;
	name: string;
	status: string;
	failureReason: string | undefined;
	isTag: boolean;
	startedAt: string | undefined;
	finishedAt: string | undefined;
	durationSeconds: number | undefined;
	url: string | undefined;
	user: string | undefined;
	commitMessage: string | undefined;
	pipeline: Readonly<{ id: string | undefined; url: string | undefined; createdAt: string | undefined }>;
	/** True for a trigger job that created its pipeline, false for one that did not, undefined for other jobs. */
	hasDownstreamPipeline: boolean | undefined;
}>;

/** The facts of a deployment (docs.gitlab.com/api/deployments) that this program uses. */
export type GitlabDeployment = Readonly<{
	id: number;
	sha: string;
	ref: string | undefined;
	status: string;
	environment: string;
	createdAt: string | undefined;
	updatedAt: string | undefined;
	user: string | undefined;
	/** Undefined: the deployment comes from the Deployments API, or its job was deleted. */
	job: GitlabJob | undefined;
}>;

/** The facts of a merge request (docs.gitlab.com/api/merge_requests) that this program uses. */
export type GitlabMergeRequest = Readonly<{
	iid: string;
	isMerged: boolean;
	/** The commits that the merge put on the target branch, and the last commit of the source branch. */
	shas: readonly string[];
}>;

/** Returns undefined for another shape. */
export function readJob(value: unknown): GitlabJob | undefined {
	const [id, name, status] = [readId(value, 'id'), readText(value, 'name'), readText(value, 'status')];
	if (id === undefined || name === undefined || status === undefined) return undefined;
	const pipeline = property(value, 'pipeline');
	const duration = property(value, 'duration');
	const downstream = property(value, 'downstream_pipeline');
	return {
		id,
		name,
		status,
		failureReason: readText(value, 'failure_reason'),
		isTag: property(value, 'tag') === true,
		startedAt: readText(value, 'started_at'),
		finishedAt: readText(value, 'finished_at'),
		durationSeconds: typeof duration === 'number' ? duration : undefined,
		url: readText(value, 'web_url'),
		user: readText(property(value, 'user'), 'username'),
		commitMessage: readText(property(value, 'commit'), 'message'),
		pipeline: {
			id: readId(pipeline, 'id'),
			url: readText(pipeline, 'web_url'),
			createdAt: readText(pipeline, 'created_at'),
		},
		hasDownstreamPipeline: downstream === undefined ? undefined : downstream !== null,
	};
}

/** Returns undefined for another shape. */
export function readDeployment(value: unknown): GitlabDeployment | undefined {
	const id = property(value, 'id');
	const [sha, status] = [readText(value, 'sha'), readText(value, 'status')];
	const environment = readText(property(value, 'environment'), 'name');
	if (typeof id !== 'number' || sha === undefined || status === undefined || environment === undefined)
		return undefined;
	return {
		id,
		sha,
		ref: readText(value, 'ref'),
		status,
		environment,
		createdAt: readText(value, 'created_at'),
		updatedAt: readText(value, 'updated_at'),
		user: readText(property(value, 'user'), 'username'),
		job: readJob(property(value, 'deployable')),
	};
}

/** Returns undefined for another shape. */
export function readMergeRequest(value: unknown): GitlabMergeRequest | undefined {
	const iid = readId(value, 'iid');
	if (iid === undefined) return undefined;
	const shas = ['merge_commit_sha', 'squash_commit_sha', 'sha'].map((name) => readText(value, name));
	return { iid, isMerged: property(value, 'state') === 'merged', shas: shas.filter((sha) => sha !== undefined) };
}

function readText(value: unknown, name: string): string | undefined {
	const text = property(value, name);
	return typeof text === 'string' && text !== '' ? text : undefined;
}

function readId(value: unknown, name: string): string | undefined {
	const id = property(value, name);
	return typeof id === 'number' && Number.isSafeInteger(id) && id > 0 ? String(id) : undefined;
}
