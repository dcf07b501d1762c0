import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { type Fault, falseSuccesses, strangeBodies } from '../../stand-in/alert24-faults.ts';
import { type Alert24StandIn, startAlert24 } from '../../stand-in/alert24-stand-in.ts';
import { observePost } from '../support/observe-post.ts';

type Row = Readonly<{ fault: Fault; status?: number; end: string; records: number }>;

const rows: readonly Row[] = [
	{ fault: { kind: 'none' }, status: 201, end: 'whole', records: 1 },
	{ fault: { kind: 'late', delayMs: 30 }, status: 201, end: 'whole', records: 1 },
	{ fault: { kind: 'late', delayMs: 60_000 }, end: 'waited', records: 1 },
	{ fault: { kind: 'slow-record', delayMs: 30 }, status: 201, end: 'whole', records: 1 },
	{ fault: { kind: 'status', status: 500 }, status: 500, end: 'whole', records: 0 },
	{ fault: { kind: 'status', status: 503, recordsFirst: true }, status: 503, end: 'whole', records: 1 },
	{ fault: { kind: 'status', status: 204 }, status: 204, end: 'whole', records: 1 },
	{ fault: { kind: 'status', status: 200, recordsFirst: false }, status: 200, end: 'whole', records: 0 },
	{ fault: { kind: 'reset', when: 'before' }, end: 'read ECONNRESET', records: 0 },
	{ fault: { kind: 'reset', when: 'during-head' }, end: 'read ECONNRESET', records: 1 },
	{ fault: { kind: 'reset', when: 'during-head', recordsFirst: false }, end: 'read ECONNRESET', records: 0 },
	{ fault: { kind: 'reset', when: 'during-body' }, status: 201, end: 'read ECONNRESET', records: 1 },
	{ fault: { kind: 'reset', when: 'during-body', status: 500 }, status: 500, end: 'read ECONNRESET', records: 0 },
	{ fault: { kind: 'reset', when: 'after' }, end: 'read ECONNRESET', records: 1 },
	{ fault: { kind: 'hang-up' }, end: 'socket hang up', records: 0 },
	{ fault: { kind: 'hang-up', recordsFirst: true }, end: 'socket hang up', records: 1 },
	{ fault: { kind: 'silence' }, end: 'waited', records: 0 },
	{ fault: { kind: 'silence', recordsFirst: true }, end: 'waited', records: 1 },
	{ fault: { kind: 'headers-only' }, status: 201, end: 'waited', records: 1 },
	{ fault: { kind: 'headers-only', status: 502 }, status: 502, end: 'waited', records: 0 },
	{ fault: { kind: 'trickle', part: 'head', intervalMs: 5 }, end: 'waited', records: 1 },
	{ fault: { kind: 'trickle', part: 'body', intervalMs: 5 }, status: 201, end: 'waited', records: 1 },
	{ fault: { kind: 'endless', part: 'head', recordsFirst: false }, end: 'HPE_HEADER_OVERFLOW', records: 0 },
	{ fault: { kind: 'endless', part: 'body' }, status: 201, end: 'waited', records: 1 },
	{ fault: { kind: 'endless', part: 'body', status: 500 }, status: 500, end: 'waited', records: 0 },
	{ fault: { kind: 'redirect', to: 'itself' }, status: 302, end: 'whole', records: 0 },
	{ fault: { kind: 'redirect', to: 'endless', status: 307 }, status: 307, end: 'whole', records: 0 },
	{ fault: { kind: 'not-http' }, end: 'HPE_INVALID_CONSTANT', records: 0 },
];

suite('a fault of the stand-in of Alert24', { concurrency: true }, () => {
	for (const { fault, ...expected } of rows) {
		test(`${JSON.stringify(fault)} ends with ${JSON.stringify(expected)}, and the next POST succeeds`, async () => {
			await using alert24 = await startAlert24();
			alert24.failWith(fault);
			// The client waits briefly only for something that never comes, so a busy machine does not matter.
			const patience = expected.status === undefined ? { headersMs: 150 } : { bodyMs: 100 };
			const { status, end } = await observePost(alert24, expected.end === 'waited' ? patience : {});
			assert.deepEqual({ ...(status && { status }), end, records: alert24.changes.length }, expected);
			assert.deepEqual(alert24.requests[0]?.fault, fault);
			assert.equal((await observePost(alert24)).status, 201);
		});
	}

	test('a 2xx with a strange body arrives whole, and the change is stored', async () => {
		for (const [name, body] of Object.entries(strangeBodies)) {
			await using alert24 = await startAlert24();
			alert24.failWith({ kind: 'status', status: 200, body });
			const seen = await observePost(alert24);
			assert.deepEqual([name, seen.status, seen.end, alert24.changes.length], [name, 200, 'whole', 1]);
			if (typeof body === 'object') assert.equal(seen.body, 'json' in body ? JSON.stringify(body.json) : body.text);
			if (body === 'huge') assert.equal(JSON.parse(seen.body).data.summary.length, 32 * 1024 * 1024);
			if (body === 'empty') assert.equal(seen.body, '');
			if (body === 'html') assert.match(seen.body, /^<!DOCTYPE html>/);
			if (body === 'cut-json') assert.throws(() => JSON.parse(seen.body), SyntaxError);
		}
	});

	test('a false success has status 200, and no request id if it is foreign', async () => {
		for (const [name, fault] of Object.entries(falseSuccesses)) {
			await using alert24 = await startAlert24();
			alert24.failWith(fault);
			const { status, headers } = await observePost(alert24);
			const hasRequestId = headers?.['x-request-id'] !== undefined;
			assert.deepEqual([name, status, hasRequestId, alert24.changes], [name, 200, !fault.isForeign, []]);
		}
	});

	test("an error status has Alert24's envelope, its request id and the given headers", async () => {
		await using alert24 = await startAlert24();
		alert24.failWith({ kind: 'status', status: 429, headers: { 'Retry-After': '7' } });
		const seen = await observePost(alert24);
		const error = { type: 'rate_limit_error', message: 'Too many requests', status: 429 };
		assert.deepEqual(JSON.parse(seen.body), { error });
		assert.equal(seen.headers?.['retry-after'], '7');
		assert.equal(seen.headers?.['x-request-id'], alert24.requests[0]?.requestId);
	});

	test('a slow record is stored although the client has gone', async () => {
		await using alert24 = await startAlert24();
		alert24.failWith({ kind: 'slow-record', delayMs: 200 });
		const client = new AbortController();
		const request = { method: 'POST', headers: authorize(alert24), body: '{"summary":"x"}', signal: client.signal };
		const lost = assert.rejects(fetch(`${alert24.url}/api/v1/changes`, request));
		while (alert24.posts[0]?.body !== request.body) await new Promise((resolve) => setImmediate(resolve));
		client.abort();
		await lost;
		assert.deepEqual(alert24.changes, []);
		await alert24.nthRequest(1);
		assert.deepEqual(alert24.sentChanges, [{ summary: 'x' }]);
	});

	test('a cached list lacks the newer changes unless the request forbids a cache', async () => {
		await using alert24 = await startAlert24();
		const old = alert24.record({ summary: 'old' });
		const recent = alert24.record({ summary: 'recent' });
		alert24.failListsAlways({ kind: 'cached', copyOf: 1 });
		assert.deepEqual(await listChanges(alert24), [old]);
		assert.deepEqual(await listChanges(alert24, { 'Cache-Control': 'no-cache' }), [recent, old]);
	});

	test('a chain of redirects does not end and does not lead to a record', async () => {
		await using alert24 = await startAlert24();
		alert24.failWith({ kind: 'redirect', to: 'endless', status: 307 });
		await assert.rejects(fetch(`${alert24.url}/api/v1/changes`, { method: 'POST', body: '{}' }), (error: Error) => {
			return /redirect count exceeded/.test(String(error.cause));
		});
		assert.equal(new Set(alert24.requests.map(({ path }) => path)).size, 21);
		assert.deepEqual(alert24.strays, []);
		assert.deepEqual(alert24.changes, []);
	});

	test('a redirect leads to the same URL or to another server', async () => {
		await using alert24 = await startAlert24();
		alert24.failWith({ kind: 'redirect', to: 'itself' }, { kind: 'redirect', to: new URL('http://127.0.0.1:9/x') });
		assert.equal((await observePost(alert24)).headers?.location, `${alert24.url}/api/v1/changes`);
		assert.equal((await observePost(alert24)).headers?.location, 'http://127.0.0.1:9/x');
	});

	test('a trickle arrives byte by byte', async () => {
		await using alert24 = await startAlert24();
		alert24.failWith({ kind: 'trickle', part: 'body', intervalMs: 20 });
		assert.match((await observePost(alert24, { bodyMs: 300 })).body, /^ {1,40}$/);
	});
});

suite('the faults of the stand-in of Alert24', () => {
	test('come from the queue, then from the lasting fault, until the stand-in heals', async () => {
		await using alert24 = await startAlert24();
		alert24.failAlways({ kind: 'status', status: 503 });
		alert24.failWith({ kind: 'status', status: 500 }, { kind: 'none' }, { kind: 'status', status: 502 });
		const statuses: (number | undefined)[] = [];
		for (let post = 0; post < 5; post += 1) statuses.push((await observePost(alert24)).status);
		assert.deepEqual(statuses, [500, 201, 502, 503, 503]);
		alert24.heal();
		assert.equal((await observePost(alert24)).status, 201);
	});

	test('are separate for lists', async () => {
		await using alert24 = await startAlert24();
		const list = () => fetch(`${alert24.url}/api/v1/changes`, { headers: authorize(alert24) });
		alert24.failListsAlways({ kind: 'status', status: 500, body: 'html' });
		alert24.failListsWith({ kind: 'status', status: 200, body: { json: [] } });
		assert.equal((await observePost(alert24)).status, 201);
		assert.deepEqual(await (await list()).json(), []);
		assert.equal((await list()).status, 500);
		assert.equal((await list()).headers.get('content-type'), 'text/html; charset=utf-8');
	});

	test('send an endless body only as fast as the client reads', async () => {
		await using alert24 = await startAlert24();
		alert24.failWith({ kind: 'endless', part: 'body' });
		const before = process.memoryUsage().rss;
		const response = await fetch(`${alert24.url}/api/v1/changes`, { method: 'POST' });
		const reader = response.body?.getReader();
		const chunk = await reader?.read();
		assert.match(Buffer.from(chunk?.value ?? []).toString(), /^ +$/);
		const growth = process.memoryUsage().rss - before;
		assert.ok(growth < 64 * 1024 * 1024, `grew by ${growth} bytes`);
		await reader?.cancel();
	});

	test('do not delay the end of the stand-in', async () => {
		const alert24 = await startAlert24();
		alert24.failWith({ kind: 'silence' });
		const waiting = observePost(alert24);
		await alert24.nthRequest(1);
		const startedAtMs = performance.now();
		await alert24.close();
		assert.equal((await waiting).end, 'socket hang up');
		assert.ok(performance.now() - startedAtMs < 10_000);
		await alert24.close();
	});
});

function authorize(alert24: Alert24StandIn): Record<string, string> {
	return { Authorization: `Bearer ${alert24.apiKey}`, 'Content-Type': 'application/json' };
}

async function listChanges(alert24: Alert24StandIn, headers = {}): Promise<unknown> {
	const response = await fetch(`${alert24.url}/api/v1/changes`, { headers: { ...authorize(alert24), ...headers } });
	return ((await response.json()) as { data: unknown }).data;
}
