import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { StoredChange } from '../../stand-in/alert24-api.ts';
import { type Alert24StandIn, startAlert24 } from '../../stand-in/alert24-stand-in.ts';

const change = { summary: 'Deployed shop @ 01234567', environment: 'staging', tags: ['gitlab'] };

/** Every field of https://alert24.net/docs/api-changes. */
const wholeChange = {
	...change,
	service_id: 'svc_1',
	change_type: 'rollback',
	description: 'Release\nnotes',
	source: 'gitlab-ci',
	commit_sha: '0123456789abcdef0123456789abcdef01234567',
	commit_message: 'Fix "it"',
	branch: 'main',
	pr_number: '5',
	pr_url: 'https://gitlab.com/a/b/-/merge_requests/5',
	pipeline_url: 'https://gitlab.com/a/b/-/pipelines/1',
	risk_level: 'high',
	changed_by: 'deployer',
	external_id: 'gitlab:1',
};

suite('POST /api/v1/changes', () => {
	test('stores a change and responds with 201, the change, its id, its time and a request id', async () => {
		await using alert24 = await startAlert24();
		const response = await post(alert24, change);
		const { data } = (await response.json()) as { data: StoredChange };
		assert.equal(response.status, 201);
		assert.match(response.headers.get('x-request-id') ?? '', /^req_/);
		assert.deepEqual(alert24.changes, [data]);
		assert.deepEqual(alert24.sentChanges, [change]);
		const { id, created_at, ...rest } = data;
		assert.match(id, /^[0-9a-f-]{36}$/);
		assert.ok(Math.abs(Date.parse(created_at) - Date.now()) < 60_000);
		assert.deepEqual(rest, { ...change, change_type: 'deployment', source: 'api', risk_level: 'low' });
	});

	test('records production if the environment is absent', async () => {
		await using alert24 = await startAlert24();
		await post(alert24, { summary: 'Deployed' });
		assert.equal(alert24.changes[0]?.['environment'], 'production');
	});

	test('accepts each of the 16 documented fields', async () => {
		await using alert24 = await startAlert24();
		assert.equal(Object.keys(wholeChange).length, 16);
		assert.equal((await post(alert24, wholeChange)).status, 201);
		assert.deepEqual(alert24.sentChanges, [wholeChange]);
	});

	test('rejects an invalid change, names the field and stores nothing', async () => {
		await using alert24 = await startAlert24();
		for (const [sent, message] of [
			[{}, 'summary is required'],
			[{ summary: '' }, 'summary is required'],
			[{ summary: 1 }, 'summary must be a string that is not empty'],
			[{ ...change, pr_number: 5 }, 'pr_number must be a string that is not empty'],
			[{ ...change, branch: null }, 'branch must be a string that is not empty'],
			[{ ...change, branch: '' }, 'branch must be a string that is not empty'],
			[{ ...change, tags: 'gitlab' }, 'tags must be an array of strings'],
			[{ ...change, tags: [1] }, 'tags must be an array of strings'],
			[{ ...change, risk_level: 'LOW' }, 'risk_level must be one of: low, medium, high, critical'],
			[{ ...change, status: 'ok' }, 'status is not a field of a change'],
			[[change], 'body must be a JSON object'],
			['{"summary":', 'body must be valid JSON in UTF-8'],
			[Buffer.from('{"summary":"\xff"}', 'latin1'), 'body must be valid JSON in UTF-8'],
		] as const) {
			const response = await post(alert24, sent);
			assert.deepEqual(await response.json(), { error: { type: 'validation_error', message, status: 400 } });
		}
		assert.equal((await post(alert24, change, { 'Content-Type': 'text/plain' })).status, 400);
		assert.deepEqual(alert24.changes, []);
	});

	test('responds with 429 to more POSTs than the limit in a second', async () => {
		await using alert24 = await startAlert24({ postsPerSecond: 2 });
		const responses = [await post(alert24, change), await post(alert24, change), await post(alert24, change)];
		assert.deepEqual(
			responses.map(({ status }) => status),
			[201, 201, 429],
		);
		assert.equal(responses[2]?.headers.get('retry-after'), '1');
		assert.equal(alert24.changes.length, 2);
	});
});

suite('GET /api/v1/changes', () => {
	test('lists pages of all changes or of one service, newest first', async () => {
		await using alert24 = await startAlert24();
		for (let number = 1; number <= 30; number += 1) {
			alert24.record({ summary: `change ${number}`, service_id: number === 7 ? 'svc_7' : 'svc_1' });
		}
		for (const [path, summaries, meta] of [
			['changes', ['change 30', 'change 6'], { total: 30, limit: 25, offset: 0, has_more: true }],
			['changes?limit=10&offset=25', ['change 5', 'change 1'], { total: 30, limit: 10, offset: 25, has_more: false }],
			['changes?limit=100', ['change 30', 'change 1'], { total: 30, limit: 100, offset: 0, has_more: false }],
			['changes?offset=30', [], { total: 30, limit: 25, offset: 30, has_more: false }],
			['services/svc_7/changes', ['change 7', 'change 7'], { total: 1, limit: 25, offset: 0, has_more: false }],
			['services/svc_8/changes', [], { total: 0, limit: 25, offset: 0, has_more: false }],
		] as const) {
			const { data, meta: found } = await getPage(alert24, `/api/v1/${path}`);
			const ends = data.length === 0 ? [] : [data.at(0)?.['summary'], data.at(-1)?.['summary']];
			assert.deepEqual([path, ends, found], [path, summaries, meta]);
		}
	});

	test('rejects an invalid limit or offset', async () => {
		await using alert24 = await startAlert24();
		for (const query of ['limit=0', 'limit=101', 'limit=ten', 'offset=-1', 'offset=0.5']) {
			assert.equal((await get(alert24, `/api/v1/changes?${query}`)).status, 400, query);
		}
	});

	test('lists the large changes of other clients', async () => {
		await using alert24 = await startAlert24();
		alert24.recordOthers(100, 50_000);
		const { size } = await (await get(alert24, '/api/v1/changes?limit=100')).blob();
		assert.ok(size > 4 * 1024 * 1024 && size < 6 * 1024 * 1024, `${size} bytes`);
	});
});

suite('GET /api/v1/services', () => {
	test('lists pages of the services and returns one of them', async () => {
		const services = Array.from({ length: 30 }, (_, index) => `svc_${index}`);
		await using alert24 = await startAlert24({ services });
		const page = await getPage(alert24, '/api/v1/services?limit=100&offset=25');
		assert.deepEqual(
			page.data.map(({ id }) => id),
			services.slice(25),
		);
		assert.deepEqual(page.meta, { total: 30, limit: 100, offset: 25, has_more: false });
		assert.equal((await getPage(alert24, '/api/v1/services?status=down')).meta['total'], 0);
		const { data } = (await (await get(alert24, '/api/v1/services/svc_29')).json()) as { data: object };
		assert.deepEqual(Object.keys(data), [
			'id',
			'name',
			'description',
			'status',
			'status_page_id',
			'sort_order',
			'created_at',
			'updated_at',
		]);
	});

	test('an unknown service is not found on any path', async () => {
		await using alert24 = await startAlert24({ services: ['svc_1', 'svc 2'] });
		assert.equal((await post(alert24, change, {}, '/api/v1/services/svc%202/changes')).status, 201);
		assert.equal(alert24.changes[0]?.['service_id'], 'svc 2');
		const error = { error: { type: 'not_found', message: 'Service not found', status: 404 } };
		for (const response of [
			await post(alert24, change, {}, '/api/v1/services/svc_3/changes'),
			await post(alert24, { ...change, service_id: 'svc_3' }),
			await get(alert24, '/api/v1/services/svc_3/changes'),
			await get(alert24, '/api/v1/services/svc_3'),
		]) {
			assert.deepEqual([response.status, await response.json()], [404, error]);
		}
		const contradiction = await post(
			alert24,
			{ ...change, service_id: 'svc_1' },
			{},
			'/api/v1/services/svc%202/changes',
		);
		assert.equal(contradiction.status, 400);
		assert.equal(alert24.changes.length, 1);
	});
});

suite('the stand-in of Alert24', () => {
	test('rejects unknown keys', async () => {
		await using alert24 = await startAlert24({ keys: { other: 'write' } });
		assert.match(alert24.apiKey, /^ak_live_[0-9A-Za-z]{32}$/);
		for (const Authorization of ['', alert24.apiKey, 'Bearer nobody', `Basic ${alert24.apiKey}`]) {
			const response = await post(alert24, change, { Authorization });
			const message = 'Invalid or missing API key. Provide a valid Bearer token.';
			assert.deepEqual(await response.json(), { error: { type: 'authentication_error', message, status: 401 } });
		}
		assert.deepEqual(alert24.changes, []);
		assert.equal((await post(alert24, change, { Authorization: 'Bearer other' })).status, 201);
	});

	test('lets a key with read scope only read', async () => {
		await using alert24 = await startAlert24();
		const headers = { Authorization: `Bearer ${alert24.readOnlyKey}` };
		const response = await post(alert24, change, headers);
		const message = 'API key missing required scope: write';
		assert.deepEqual(await response.json(), { error: { type: 'authorization_error', message, status: 403 } });
		assert.deepEqual(alert24.changes, []);
		assert.equal((await get(alert24, '/api/v1/changes', headers)).status, 200);
		assert.equal((await get(alert24, '/api/v1/services', headers)).status, 200);
	});

	test('responds with 404 to other methods and paths, also to malformed ones', async () => {
		await using alert24 = await startAlert24();
		for (const path of ['/', '/api/v1/change', '/api/v1/services//changes', '/api/v1/services/%ff/changes', '/%zz']) {
			const error = { type: 'not_found', message: 'Not found', status: 404 };
			assert.deepEqual([path, await (await get(alert24, path)).json()], [path, { error }]);
		}
		const headers = { Authorization: `Bearer ${alert24.apiKey}` };
		assert.equal((await fetch(`${alert24.url}/api/v1/changes`, { method: 'DELETE', headers })).status, 404);
		assert.equal((await post(alert24, change, {}, '/api/v1/services')).status, 404);
	});

	test('responds with 404 outside its random base path, and remembers those requests', async () => {
		await using alert24 = await startAlert24();
		const headers = { Authorization: `Bearer ${alert24.apiKey}`, 'Content-Type': 'application/json' };
		const request = { method: 'POST', headers, body: JSON.stringify(change) };
		assert.equal((await fetch(`${alert24.origin}/api/v1/changes`, request)).status, 404);
		await post(alert24, change);
		assert.deepEqual(
			alert24.strays.map(({ path }) => path),
			['/api/v1/changes'],
		);
		assert.equal(alert24.changes.length, 1);
	});

	test('remembers each request', async () => {
		await using alert24 = await startAlert24();
		await post(alert24, change);
		const [received] = alert24.requests;
		assert.equal(received, await alert24.nthRequest(1));
		assert.equal(received?.method, 'POST');
		assert.equal(alert24.origin + received?.path, `${alert24.url}/api/v1/changes`);
		assert.equal(received?.body, JSON.stringify(change));
		assert.equal(received?.headers.authorization, `Bearer ${alert24.apiKey}`);
	});
});

function post(alert24: Alert24StandIn, sent: unknown, headers = {}, path = '/api/v1/changes'): Promise<Response> {
	const body = typeof sent === 'string' || sent instanceof Uint8Array ? sent : JSON.stringify(sent);
	const usual = { Authorization: `Bearer ${alert24.apiKey}`, 'Content-Type': 'application/json' };
	return fetch(alert24.url + path, { method: 'POST', headers: { ...usual, ...headers }, body: Buffer.from(body) });
}

function get(
	alert24: Alert24StandIn,
	path: string,
	headers: Record<string, string> = { Authorization: `Bearer ${alert24.apiKey}` },
): Promise<Response> {
	return fetch(alert24.url + path, { headers });
}

type Page = { data: Record<string, unknown>[]; meta: Record<string, unknown> };

async function getPage(alert24: Alert24StandIn, path: string): Promise<Page> {
	return (await (await get(alert24, path)).json()) as Page;
}
