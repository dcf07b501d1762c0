import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { GitlabScenario } from '../../stand-in/gitlab-scenario.ts';
import { type GitlabStandIn, startGitlab } from '../../stand-in/gitlab-stand-in.ts';

const sha = 'ab'.repeat(20);
const scenario: GitlabScenario = {
	project: { id: 7, path: 'acme/web/shop' },
	commits: [{ sha, message: 'Sell shoes\n' }],
	mergeRequests: [{ iid: 12, title: 'Sell shoes', mergeCommitSha: sha }],
	jobs: [
		{ id: 1, pipeline: 5, name: 'deploy', sha, status: 'failed', failureReason: 'script_failure' },
		{
			id: 2,
			pipeline: 5,
			name: 'deploy',
			sha,
			startedAt: '2026-11-20T10:00:00.000Z',
			finishedAt: '2026-11-20T10:01:00.000Z',
		},
		{ id: 3, pipeline: 5, name: 'downstream', sha, downstreamPipeline: 6 },
	],
	deployments: [
		{ id: 10, environment: 'production', job: 1, updatedAt: '2026-11-20T09:00:00.000Z' },
		{ id: 11, environment: 'production', job: 2, mergeRequests: [12] },
		{ id: 12, environment: 'staging', sha },
	],
};

async function get(
	gitlab: GitlabStandIn,
	path: string,
	headers: Record<string, string> = { 'JOB-TOKEN': gitlab.jobToken },
) {
	const response = await fetch(`${gitlab.url}/api/v4/projects/7${path}`, { headers });
	return { status: response.status, headers: response.headers, body: (await response.json()) as never };
}

suite('The stand-in of GitLab', () => {
	test('accepts its job token in the header JOB-TOKEN only', async () => {
		await using gitlab = await startGitlab(scenario);
		assert.equal((await get(gitlab, '')).status, 200);
		assert.equal((await get(gitlab, '', {})).status, 401);
		assert.equal((await get(gitlab, '', { 'JOB-TOKEN': 'another' })).status, 401);
		assert.equal((await get(gitlab, `?job_token=${gitlab.jobToken}`, {})).status, 401);
		assert.equal((await get(gitlab, '', { 'PRIVATE-TOKEN': gitlab.jobToken })).status, 401);
	});

	test('serves only paths below its relative URL root', async () => {
		await using gitlab = await startGitlab(scenario);
		const { origin } = new URL(gitlab.url);
		const response = await fetch(`${origin}/api/v4/projects/7`, { headers: { 'JOB-TOKEN': gitlab.jobToken } });
		assert.equal(response.status, 404);
		assert.deepEqual(gitlab.endpoints, [undefined]);
	});

	test('lists the newest run of each job, and all runs on request', async () => {
		await using gitlab = await startGitlab(scenario);
		const ids = async (query: string) =>
			((await get(gitlab, `/pipelines/5/jobs${query}`)).body as { id: number }[]).map(({ id }) => id);
		assert.deepEqual(await ids(''), [2]);
		assert.deepEqual(await ids('?include_retried=true'), [2, 1]);
	});

	test('lists trigger jobs apart from the jobs', async () => {
		await using gitlab = await startGitlab(scenario);
		const [bridge] = (await get(gitlab, '/pipelines/5/bridges')).body as {
			name: string;
			downstream_pipeline: object;
		}[];
		assert.equal(bridge?.name, 'downstream');
		assert.deepEqual(bridge?.downstream_pipeline, { id: 6, sha, ref: 'main', status: 'success' });
	});

	const filters: readonly (readonly [query: string, ids: readonly number[]])[] = [
		['', [10, 11, 12]],
		['environment=production&status=success&order_by=id&sort=desc', [11]],
		['environment=prod', []],
		['updated_after=2026-11-20T09:30:00Z&order_by=updated_at', [11]],
		['updated_before=2026-11-20T09:30:00Z&order_by=updated_at&sort=desc', [10, 12]],
	];
	for (const [query, expected] of filters) {
		test(`lists the deployments ${expected.join(', ')} for '${query}'`, async () => {
			await using gitlab = await startGitlab(scenario);
			const { body } = await get(gitlab, `/deployments?${query}`);
			assert.deepEqual(
				(body as { id: number }[]).map(({ id }) => id),
				expected,
			);
		});
	}

	for (const [query, message] of [
		['updated_after=2026-11-20T09:30:00Z', /`updated_at` filter and `updated_at` sorting must be paired/],
		[
			'finished_after=2026-11-20T09:30:00Z&status=success',
			/`finished_at` filter and `finished_at` sorting must be paired/,
		],
		['finished_after=2026-11-20T09:30:00Z&order_by=finished_at', /combined with `success` status/],
		['status=won', /status does not have a valid value/],
		['order_by=name', /order_by does not have a valid value/],
	] as const) {
		test(`responds with 400 to '${query}'`, async () => {
			await using gitlab = await startGitlab(scenario);
			const { status, body } = await get(gitlab, `/deployments?${query}`);
			assert.equal(status, 400);
			assert.match(JSON.stringify(body), message);
		});
	}

	test('lists pages by offset', async () => {
		await using gitlab = await startGitlab(scenario);
		const { headers, body } = await get(gitlab, '/deployments?per_page=2&page=1');
		assert.equal((body as unknown[]).length, 2);
		assert.deepEqual(
			[headers.get('x-next-page'), headers.get('x-total'), headers.get('x-total-pages')],
			['2', '3', '2'],
		);
		assert.equal((await get(gitlab, '/deployments?per_page=2&page=2')).headers.get('x-next-page'), '');
	});

	test('shows the job of a deployment, and none for one from the Deployments API', async () => {
		await using gitlab = await startGitlab(scenario);
		const byJob = (await get(gitlab, '/deployments/11')).body as { deployable: { id: number; duration: number } };
		assert.deepEqual([byJob.deployable.id, byJob.deployable.duration], [2, 60]);
		assert.equal(((await get(gitlab, '/deployments/12')).body as { deployable: null }).deployable, null);
	});

	for (const [path, iids] of [
		['/deployments/11/merge_requests', [12]],
		['/deployments/12/merge_requests', []],
		[`/repository/commits/${sha}/merge_requests`, [12]],
		['/merge_requests', [12]],
		['/merge_requests?state=opened', []],
		['/merge_requests?environment=production&deployed_after=2026-11-20T10:00:30Z', [12]],
		['/merge_requests?environment=production&deployed_after=2026-11-20T10:01:30Z', []],
		['/merge_requests?environment=staging', []],
	] as const) {
		test(`lists the merge requests ${iids.join(', ') || '(none)'} at ${path.replace(sha, ':sha')}`, async () => {
			await using gitlab = await startGitlab(scenario);
			assert.deepEqual(
				((await get(gitlab, path)).body as { iid: number }[]).map(({ iid }) => iid),
				iids,
			);
		});
	}

	test('shows the exact message of a commit', async () => {
		await using gitlab = await startGitlab(scenario);
		assert.equal(
			((await get(gitlab, `/repository/commits/${sha}`)).body as { message: string }).message,
			'Sell shoes\n',
		);
		assert.equal((await get(gitlab, '/repository/commits/cdcdcdcd')).status, 404);
	});

	test('fails one endpoint or all of them on request', async () => {
		await using gitlab = await startGitlab(scenario);
		gitlab.fail('deployments', { kind: 'status', status: 403 });
		assert.deepEqual((await get(gitlab, '/deployments')).body, { message: '403 Forbidden' });
		assert.equal((await get(gitlab, '/deployments/11')).status, 200);
		gitlab.fail('everything', { kind: 'status', status: 502, body: { text: '<html>', type: 'text/html' } });
		const { origin, pathname } = new URL(gitlab.url);
		const response = await fetch(`${origin}${pathname}/api/v4/projects/7`, {
			headers: { 'JOB-TOKEN': gitlab.jobToken },
		});
		assert.deepEqual([response.status, await response.text()], [502, '<html>']);
		gitlab.heal();
		assert.equal((await get(gitlab, '/deployments')).status, 200);
	});

	test('responds after the given delay', async () => {
		await using gitlab = await startGitlab(scenario, { delayMs: 60 });
		const startedAt = performance.now();
		await get(gitlab, '');
		assert.ok(performance.now() - startedAt >= 59);
	});
});
