import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { suite, test } from 'node:test';
import { Alert24Client } from '../../src/alert24/alert24-client.ts';
import { findRecordedChange, type LookupQuery } from '../../src/alert24/find-recorded-change.ts';
import { LoopbackServer } from '../../stand-in/loopback-server.ts';

type Listed = Readonly<{ external_id?: string; created_at?: string; [field: string]: unknown }>;

const now = Date.parse('2026-11-02T12:00:00Z');
const minute = 60_000;
const limits = { limitMs: 5000, requestMs: 5000 };

function changes(count: number, olderByMs: number, stepMs = 0): Listed[] {
	return Array.from({ length: count }, (_, index) => ({
		external_id: `other:${index}`,
		created_at: new Date(now - olderByMs - index * stepMs).toISOString(),
	}));
}

/** Searches a list that has these changes, 100 on a page, and returns the result with the number of requests. */
async function find(listed: readonly Listed[], query: Partial<LookupQuery> = {}, hasMeta = true) {
	let requests = 0;
	const server = createServer((request, response) => {
		requests += 1;
		assert.equal(request.headers['cache-control'], 'no-cache');
		const offset = Number(new URL(request.url ?? '', 'http://x').searchParams.get('offset') ?? 0);
		const meta = hasMeta ? { meta: { has_more: offset + 100 < listed.length } } : {};
		response.end(JSON.stringify({ data: listed.slice(offset, offset + 100), ...meta }));
	});
	const listening = await LoopbackServer.listen(server);
	const client = new Alert24Client({
		apiUrl: new URL(`http://127.0.0.1:${listening.port}`),
		apiKey: 'ak',
		proxyEnv: {},
		cas: undefined,
		signal: new AbortController().signal,
		redact: (text) => text.replaceAll('secret', '[redacted]'),
	});
	try {
		const result = await findRecordedChange(client, { externalId: 'a:1', since: new Date(now), ...query }, limits);
		return { ...result, requests };
	} finally {
		await listening.close();
	}
}

const match = {
	external_id: 'a:1',
	id: 'chg_secret',
	url: 'https://alert24.test/secret',
	created_at: new Date(now).toISOString(),
};
const found = { kind: 'found', id: 'chg_[redacted]', url: 'https://alert24.test/[redacted]' };

suite('findRecordedChange', { concurrency: true }, () => {
	test('reads pages until the changes are older than the first attempt', async () => {
		const newer = changes(250, -5 * minute);
		assert.deepEqual(await find([...newer, match, ...changes(500, 60 * minute)]), { ...found, requests: 3 });
		assert.deepEqual(await find([...newer, ...changes(500, 60 * minute)]), {
			kind: 'absent',
			isProven: true,
			requests: 3,
		});
	});

	test('allows for clocks that differ by a few minutes', async () => {
		assert.deepEqual(await find([...changes(100, 9 * minute), match]), { ...found, requests: 2 });
		assert.deepEqual(await find([...changes(100, 11 * minute), match]), {
			kind: 'absent',
			isProven: true,
			requests: 1,
		});
	});

	test('does not rely on times if the newest change is not the first', async () => {
		const oldestFirst = changes(250, 300 * minute, -minute);
		assert.deepEqual(await find([...oldestFirst, match]), { ...found, requests: 3 });
	});

	test('reads three pages if the changes have no time, and then proves nothing', async () => {
		const timeless = changes(900, 0).map(({ external_id }) => ({ external_id }) as Listed);
		assert.deepEqual(await find(timeless), { kind: 'absent', isProven: false, requests: 3 });
		assert.deepEqual(await find(timeless.slice(0, 150)), { kind: 'absent', isProven: true, requests: 2 });
	});

	test('reads at most twenty pages', async () => {
		assert.deepEqual(await find(changes(2500, 0)), { kind: 'absent', isProven: false, requests: 20 });
	});

	test('needs no has_more: a page that is not full is the last', async () => {
		assert.deepEqual(await find(changes(100, 0), {}, false), { kind: 'absent', isProven: true, requests: 2 });
		assert.deepEqual(await find(changes(99, 0), {}, false), { kind: 'absent', isProven: true, requests: 1 });
	});

	test('compares the whole external_id', async () => {
		const others = ['a:10', 'a', 'a:1:summary=0a1b2c3d', 'A:1'].map((external_id) => ({ external_id }));
		assert.equal((await find(others)).kind, 'absent');
	});

	test('counts another id of the change too, if it was not recorded before its time', async () => {
		const query = { other: { externalId: 'a:2', since: new Date(now - minute) } };
		const other = (created_at?: string) => [{ ...match, external_id: 'a:2', ...(created_at && { created_at }) }];
		assert.deepEqual(await find(other(), query), { ...found, requests: 1 });
		assert.equal((await find(other(new Date(now - 2 * minute).toISOString()), query)).kind, 'absent');
		assert.equal((await find(other('unknown'), query)).kind, 'absent');
		assert.deepEqual(await find([match], query), { ...found, requests: 1 });
	});

	test('can ignore a change type and the hash of a summary set by hand, and nothing else', async () => {
		const query = { ignoresSuffixes: true };
		const same = ['a:1', 'a:1:summary=0a1b2c3d', 'a:1:type=database_migration', 'a:1:type=code:summary=0a1b2c3d'];
		for (const external_id of same) assert.equal((await find([{ external_id }], query)).kind, 'found', external_id);
		const others = ['a:1:summary=0a1b2c3', 'a:1:type=', 'a:1:x:summary=0a1b2c3d', 'a:1:summary=0a1b2c3d:type=code'];
		assert.equal(
			(
				await find(
					others.map((external_id) => ({ external_id })),
					query,
				)
			).kind,
			'absent',
		);
	});
});
