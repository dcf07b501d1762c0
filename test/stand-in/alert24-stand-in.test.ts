import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { StoredChange } from '../../stand-in/alert24-change-log.ts';
import { type Alert24StandIn, startAlert24 } from '../../stand-in/alert24-stand-in.ts';

const change = { summary: 'Deployed shop @ 01234567', environment: 'staging', tags: ['gitlab'] };

suite('the stand-in of Alert24', () => {
	test('records a change and answers 201 with it, its id and its time', async () => {
		await using alert24 = await startAlert24();
		const answer = await post(alert24, change);
		const { data } = (await answer.json()) as { data: StoredChange };
		assert.equal(answer.status, 201);
		assert.match(answer.headers.get('x-request-id') ?? '', /^req_/);
		assert.deepEqual(alert24.changes, [data]);
		assert.deepEqual(alert24.sentChanges, [change]);
		const { id, created_at, ...rest } = data;
		assert.match(id, /^[0-9a-f-]{36}$/);
		assert.ok(Math.abs(Date.parse(created_at) - Date.now()) < 60_000);
		assert.deepEqual(rest, { ...change, change_type: 'deployment', source: 'api', risk_level: 'low' });
	});

	test("records production where the environment is left out, which is Alert24's default", async () => {
		await using alert24 = await startAlert24();
		await post(alert24, { summary: 'Deployed' });
		assert.equal(alert24.changes[0]?.['environment'], 'production');
	});

	test("records the path's service, and knows no others than it was given", async () => {
		await using alert24 = await startAlert24({ services: ['svc_1', 'svc 2'] });
		assert.equal((await post(alert24, change, { path: '/api/v1/services/svc%202/changes' })).status, 201);
		assert.equal(alert24.changes[0]?.['service_id'], 'svc 2');
		const error = { error: { type: 'not_found', message: 'Service not found', status: 404 } };
		for (const answer of [
			await post(alert24, change, { path: '/api/v1/services/svc_3/changes' }),
			await post(alert24, { ...change, service_id: 'svc_3' }),
			await get(alert24, '/api/v1/services/svc_3/changes'),
		]) {
			assert.deepEqual([answer.status, await answer.json()], [404, error]);
		}
		assert.equal(alert24.changes.length, 1);
	});

	test('refuses keys that it does not know, and lets a read-only key only read', async () => {
		await using alert24 = await startAlert24({ keys: { other: 'write' } });
		assert.match(alert24.apiKey, /^ak_live_[0-9A-Za-z]{32}$/);
		for (const authorization of [undefined, '', alert24.apiKey, 'Bearer nobody', `Basic ${alert24.apiKey}`]) {
			const answer = await post(alert24, change, { authorization });
			const message = 'Invalid or missing API key. Provide a valid Bearer token.';
			assert.deepEqual(await answer.json(), { error: { type: 'authentication_error', message, status: 401 } });
		}
		const readOnly = `Bearer ${alert24.readOnlyKey}`;
		const refused = await post(alert24, change, { authorization: readOnly });
		const message = 'API key missing required scope: write';
		assert.deepEqual(await refused.json(), { error: { type: 'authorization_error', message, status: 403 } });
		assert.equal(alert24.changes.length, 0);
		assert.equal((await get(alert24, '/api/v1/changes', readOnly)).status, 200);
		assert.equal((await post(alert24, change, { authorization: 'Bearer other' })).status, 201);
	});

	test('refuses a change that is not valid, names the field and records nothing', async () => {
		await using alert24 = await startAlert24();
		const answer = await post(alert24, { ...change, pr_number: 5 });
		const message = 'pr_number must be a string that is not empty';
		assert.deepEqual(await answer.json(), { error: { type: 'validation_error', message, status: 400 } });
		const noJson = await fetch(`${alert24.url}/api/v1/changes`, {
			method: 'POST',
			headers: { Authorization: `Bearer ${alert24.apiKey}` },
			body: JSON.stringify(change),
		});
		assert.equal(noJson.status, 400);
		assert.equal(
			(await post(alert24, { ...change, service_id: 'a' }, { path: '/api/v1/services/b/changes' })).status,
			400,
		);
		assert.equal(alert24.changes.length, 0);
	});

	test('knows no other methods and paths, malformed ones included', async () => {
		await using alert24 = await startAlert24();
		for (const path of ['/', '/api/v1/change', '/api/v1/services//changes', '/api/v1/services/%ff/changes', '/%zz']) {
			const answer = await get(alert24, path);
			const error = { type: 'not_found', message: 'Not found', status: 404 };
			assert.deepEqual([path, await answer.json()], [path, { error }]);
		}
		const headers = { Authorization: `Bearer ${alert24.apiKey}` };
		assert.equal((await fetch(`${alert24.url}/api/v1/changes`, { method: 'DELETE', headers })).status, 404);
	});

	test('lists what is recorded, all or of one service', async () => {
		await using alert24 = await startAlert24();
		const [one, two] = [alert24.record({ ...change, service_id: 'svc_1' }), alert24.record(change)];
		assert.deepEqual((await readPage(await get(alert24, '/api/v1/changes?limit=100'))).data, [two, one]);
		assert.deepEqual((await readPage(await get(alert24, '/api/v1/services/svc_1/changes'))).data, [one]);
	});

	test('answers 404 outside its random base path, and remembers who went there', async () => {
		await using alert24 = await startAlert24();
		const headers = { Authorization: `Bearer ${alert24.apiKey}`, 'Content-Type': 'application/json' };
		const request = { method: 'POST', headers, body: JSON.stringify(change) };
		const answer = await fetch(`${alert24.origin}/api/v1/changes`, request);
		assert.equal(answer.status, 404);
		assert.deepEqual(
			alert24.strays.map(({ path }) => path),
			['/api/v1/changes'],
		);
		assert.equal(alert24.changes.length, 0);
		await post(alert24, change);
		assert.equal(alert24.strays.length, 1);
	});

	test('remembers what it got', async () => {
		await using alert24 = await startAlert24();
		await post(alert24, change);
		const [received] = alert24.requests;
		assert.equal(received, await alert24.nthRequest(1));
		assert.equal(received?.method, 'POST');
		assert.equal(alert24.origin + received?.path, `${alert24.url}/api/v1/changes`);
		assert.equal(received?.body, JSON.stringify(change));
		assert.equal(received?.headers.authorization, `Bearer ${alert24.apiKey}`);
	});

	test('answers 429 to more POSTs a second than it was told to take', async () => {
		await using alert24 = await startAlert24({ postsPerSecond: 2 });
		const answers = [await post(alert24, change), await post(alert24, change), await post(alert24, change)];
		assert.deepEqual(
			answers.map(({ status }) => status),
			[201, 201, 429],
		);
		assert.equal(answers[2]?.headers.get('retry-after'), '1');
		assert.equal(alert24.changes.length, 2);
	});
});

type Post = { readonly path?: string; readonly authorization?: string | undefined };

function post(alert24: Alert24StandIn, sent: unknown, options: Post = {}): Promise<Response> {
	const { path, authorization } = { path: '/api/v1/changes', authorization: `Bearer ${alert24.apiKey}`, ...options };
	const headers = { 'Content-Type': 'application/json', ...(authorization === undefined ? {} : { authorization }) };
	const body = typeof sent === 'string' || sent instanceof Uint8Array ? sent : JSON.stringify(sent);
	return fetch(alert24.url + path, { method: 'POST', headers, body });
}

function get(alert24: Alert24StandIn, path: string, authorization = `Bearer ${alert24.apiKey}`): Promise<Response> {
	return fetch(alert24.url + path, { headers: { authorization } });
}

async function readPage(answer: Response): Promise<{ data: StoredChange[] }> {
	return (await answer.json()) as { data: StoredChange[] };
}
