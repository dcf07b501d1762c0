import { GitlabPayloads } from './gitlab-payloads.ts';
import type { GitlabScenario, ScenarioMergeRequest } from './gitlab-scenario.ts';

/** GitLab's response: the status, the paging headers and the JSON body. */
export type GitlabAnswer = Readonly<{ status: number; headers?: Readonly<Record<string, string>>; body: unknown }>;

/** The endpoints of GitLab's REST API that the stand-in serves. */
export type GitlabEndpoint =
	| 'project'
	| 'jobs'
	| 'bridges'
	| 'deployments'
	| 'deployment'
	| 'deployment merge requests'
	| 'commit'
	| 'commit merge requests'
	| 'merge requests';

const endpoints: readonly (readonly [GitlabEndpoint, RegExp])[] = [
	['project', /^$/],
	['jobs', /^\/pipelines\/(\d+)\/jobs$/],
	['bridges', /^\/pipelines\/(\d+)\/bridges$/],
	['deployments', /^\/deployments$/],
	['deployment', /^\/deployments\/(\d+)$/],
	['deployment merge requests', /^\/deployments\/(\d+)\/merge_requests$/],
	['commit', /^\/repository\/commits\/([^/]+)$/],
	['commit merge requests', /^\/repository\/commits\/([^/]+)\/merge_requests$/],
	['merge requests', /^\/merge_requests$/],
];

const orders = ['id', 'iid', 'created_at', 'updated_at', 'finished_at', 'ref'];
const statuses = ['created', 'running', 'success', 'failed', 'canceled', 'skipped', 'blocked'];

/** A request below `/api/v4`: the project, the endpoint and what its path names. */
export type GitlabRoute = Readonly<{ project: string; endpoint: GitlabEndpoint; id: string }>;

/** Finds the endpoint of a path below `/api/v4`. Undefined: the stand-in does not serve it. */
export function findRoute(path: string): GitlabRoute | undefined {
	const [, project, rest = ''] = /^\/projects\/([^/]+)(\/.*)?$/.exec(path) ?? [];
	if (project === undefined) return undefined;
	for (const [endpoint, pattern] of endpoints) {
		const match = pattern.exec(rest);
		if (match !== null)
			return { project: decodeURIComponent(project), endpoint, id: decodeURIComponent(match[1] ?? '') };
	}
	return undefined;
}

/** Answers a GET as GitLab does. */
export function answerGet(
	{ project, endpoint, id }: GitlabRoute,
	query: URLSearchParams,
	scenario: GitlabScenario,
	url: string,
): GitlabAnswer {
	const { project: known, jobs = [], deployments = [], commits = [], mergeRequests = [] } = scenario;
	if (project !== String(known.id) && project !== known.path) return refuse(404, '404 Project Not Found');
	const payloads = new GitlabPayloads(scenario, url);
	const jobsOfPipeline = jobs.filter((job) => String(job.pipeline) === id).toSorted((a, b) => b.id - a.id);
	const hasPipeline = jobsOfPipeline.length > 0;
	const deployment = deployments.find((one) => String(one.id) === id);
	switch (endpoint) {
		case 'project':
			return { status: 200, body: payloads.project() };
		case 'jobs': {
			if (!hasPipeline) return refuse(404, '404 Not found');
			const isShown = (name: string, jobId: number) =>
				query.get('include_retried') === 'true' || !jobsOfPipeline.some((job) => job.name === name && job.id > jobId);
			const shown = jobsOfPipeline.filter((job) => job.downstreamPipeline === undefined && isShown(job.name, job.id));
			return page(shown, query, (job) => payloads.job(job));
		}
		case 'bridges':
			if (!hasPipeline) return refuse(404, '404 Not found');
			return page(
				jobsOfPipeline.filter((job) => job.downstreamPipeline !== undefined),
				query,
				(job) => payloads.bridge(job),
			);
		case 'deployments':
			return listDeployments(scenario, query, payloads);
		case 'deployment':
			return deployment === undefined
				? refuse(404, '404 Not found')
				: { status: 200, body: payloads.deployment(deployment) };
		case 'deployment merge requests': {
			if (deployment === undefined) return refuse(404, '404 Not found');
			const shipped = deployment.mergeRequests ?? [];
			return pageMergeRequests(
				mergeRequests.filter(({ iid }) => shipped.includes(iid)),
				query,
				payloads,
			);
		}
		case 'commit':
			return commits.some(({ sha }) => sha === id)
				? { status: 200, body: payloads.commit(payloads.findCommit(id)) }
				: refuse(404, '404 Commit Not Found');
		case 'commit merge requests':
			if (!commits.some(({ sha }) => sha === id)) return refuse(404, '404 Commit Not Found');
			return pageMergeRequests(
				mergeRequests.filter((one) => isRelated(one, id)),
				query,
				payloads,
			);
		case 'merge requests':
			return listMergeRequests(scenario, query, payloads);
	}
}

function isRelated(mergeRequest: ScenarioMergeRequest, sha: string): boolean {
	const { mergeCommitSha, squashCommitSha, relatedShas = [] } = mergeRequest;
	return [mergeRequest.sha, mergeCommitSha, squashCommitSha, ...relatedShas].includes(sha);
}

// The rules of lib/api/helpers/merge_requests_helpers.rb and app/models/deployment_merge_request.rb.
function listMergeRequests(scenario: GitlabScenario, query: URLSearchParams, payloads: GitlabPayloads): GitlabAnswer {
	const [environment, state] = [query.get('environment'), query.get('state') ?? 'all'];
	if (!['opened', 'closed', 'locked', 'merged', 'all'].includes(state)) {
		return refuse(400, 'state does not have a valid value', 'error');
	}
	const isFiltered = environment !== null || query.has('deployed_after') || query.has('deployed_before');
	const shipped = (scenario.deployments ?? [])
		.filter((deployment) => environment === null || deployment.environment === environment)
		.filter((deployment) => isWithin(finishOf(payloads.deployment(deployment)), query, 'deployed'))
		.flatMap((deployment) => deployment.mergeRequests ?? []);
	const found = (scenario.mergeRequests ?? [])
		.filter(({ iid }) => !isFiltered || shipped.includes(iid))
		.filter((mergeRequest) => state === 'all' || (mergeRequest.state ?? 'merged') === state);
	return pageMergeRequests(found, query, payloads);
}

// The rules of lib/api/deployments.rb and app/finders/deployments_finder.rb.
function listDeployments(scenario: GitlabScenario, query: URLSearchParams, payloads: GitlabPayloads): GitlabAnswer {
	const order = query.get('order_by') ?? 'id';
	const status = query.get('status');
	const sort = query.get('sort') ?? 'asc';
	if (!orders.includes(order)) return refuse(400, 'order_by does not have a valid value', 'error');
	if (!['asc', 'desc'].includes(sort)) return refuse(400, 'sort does not have a valid value', 'error');
	if (status !== null && !statuses.includes(status)) return refuse(400, 'status does not have a valid value', 'error');
	const hasUpdated = query.has('updated_after') || query.has('updated_before');
	const hasFinished = query.has('finished_after') || query.has('finished_before');
	if (hasUpdated && order !== 'updated_at') {
		return refuse(400, '400 Bad request - `updated_at` filter and `updated_at` sorting must be paired');
	}
	if (hasFinished && order !== 'finished_at') {
		return refuse(400, '400 Bad request - `finished_at` filter and `finished_at` sorting must be paired');
	}
	if (hasFinished && status !== 'success') {
		return refuse(400, '400 Bad request - `finished_at` filter must be combined with `success` status filter.');
	}
	const environment = query.get('environment');
	const found = (scenario.deployments ?? [])
		.map((deployment) => payloads.deployment(deployment))
		.filter((one) => environment === null || one.environment.name === environment)
		.filter((one) => status === null || one.status === status)
		.filter((one) => isWithin(one.updated_at, query, 'updated'))
		.filter((one) => isWithin(finishOf(one), query, 'finished'));
	const key = (one: (typeof found)[number]) =>
		order === 'id' || order === 'iid' || order === 'ref'
			? one.id
			: Date.parse(order === 'created_at' ? one.created_at : one.updated_at);
	const direction = sort === 'desc' ? -1 : 1;
	return page(
		found.toSorted((a, b) => direction * (key(a) - key(b) || a.id - b.id)),
		query,
		(one) => one,
	);
}

function finishOf({ deployable, updated_at }: ReturnType<GitlabPayloads['deployment']>): string {
	return deployable?.finished_at ?? updated_at;
}

function isWithin(time: string, query: URLSearchParams, name: string): boolean {
	const [after, before] = [query.get(`${name}_after`), query.get(`${name}_before`)];
	if (after !== null && Date.parse(time) < Date.parse(after)) return false;
	return before === null || Date.parse(time) <= Date.parse(before);
}

function pageMergeRequests(
	found: readonly ScenarioMergeRequest[],
	query: URLSearchParams,
	payloads: GitlabPayloads,
): GitlabAnswer {
	return page(found, query, (one) => payloads.mergeRequest(one));
}

/** One page by offset (docs.gitlab.com/api/rest/#offset-based-pagination). */
function page<Item>(items: readonly Item[], query: URLSearchParams, render: (item: Item) => unknown): GitlabAnswer {
	const perPage = Math.min(Number(query.get('per_page') ?? 20), 100);
	const number = Number(query.get('page') ?? 1);
	const pages = Math.max(1, Math.ceil(items.length / perPage));
	const headers = {
		'x-page': String(number),
		'x-per-page': String(perPage),
		'x-next-page': number < pages ? String(number + 1) : '',
		'x-total': String(items.length),
		'x-total-pages': String(pages),
	};
	return { status: 200, headers, body: items.slice((number - 1) * perPage, number * perPage).map(render) };
}

/** GitLab's error: `{"message": "404 Not found"}`, and `{"error": …}` for a parameter that its declaration rejects. */
export function refuse(status: number, message: string, name: 'message' | 'error' = 'message'): GitlabAnswer {
	return { status, body: { [name]: message } };
}
