import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Alert24Client } from '../../src/alert24/alert24-client.ts';
import { RecordedChanges } from '../../src/alert24/recorded-changes.ts';
import type { Fault } from '../../stand-in/alert24-faults.ts';
import { type Alert24StandIn, startAlert24 } from '../../stand-in/alert24-stand-in.ts';

const startMs = Date.parse('2026-08-02T10:00:00Z');
const none: Fault = { kind: 'none' };
const unreadable: Fault = { kind: 'status', status: 503 };

// One every four seconds: a page is longer than the overlap of two searches.
function recordOthers(alert24: Alert24StandIn, from: number, count: number, everyMs = 4000): void {
	for (let number = from; number < from + count; number += 1) {
		const change = { summary: 'another change', environment: 'production', external_id: `other:${number}` };
		alert24.record(change, new Date(startMs + number * everyMs));
	}
}

function openSearch({ url, apiKey }: Alert24StandIn) {
	const { signal } = new AbortController();
	const redact = (text: string) => text;
	const client = new Alert24Client({ apiUrl: new URL(url), apiKey, proxyEnv: {}, cas: undefined, signal, redact });
	const find = new RecordedChanges().searchWith(client);
	return (externalId: string) =>
		find({ externalId, since: new Date(startMs + 600_000) }, { limitMs: 60_000, requestMs: 60_000 });
}

function readPages(alert24: Alert24StandIn): number[] {
	return alert24.requests.map(({ path }) => Number(/offset=(\d+)/.exec(path)?.[1] ?? 0) / 100);
}

suite('RecordedChanges', () => {
	test('goes on where a search was interrupted, and reads what is new', async () => {
		await using alert24 = await startAlert24();
		recordOthers(alert24, 0, 750);
		const find = openSearch(alert24);
		alert24.failListsWith(none, none, none, unreadable);
		assert.equal((await find('gitlab:1')).kind, 'unreadable');
		recordOthers(alert24, 750, 60);
		alert24.failListsWith(none, none, none, none, unreadable);
		assert.equal((await find('gitlab:1')).kind, 'unreadable');
		assert.deepEqual(await find('gitlab:1'), { kind: 'absent', isProven: true });
		assert.deepEqual(readPages(alert24), [0, 1, 2, 3, 0, 2, 3, 4, 5, 0, 4, 5, 6, 7, 8]);
		for (const number of [0, 400, 749, 809]) assert.equal((await find(`other:${number}`)).kind, 'found', `${number}`);
		assert.deepEqual(await find('gitlab:2'), { kind: 'absent', isProven: true });
		assert.equal(readPages(alert24).length, 16, 'one page');
	});

	test('goes on in a list of many changes of one minute', async () => {
		await using alert24 = await startAlert24();
		recordOthers(alert24, 0, 750, 80);
		const find = openSearch(alert24);
		alert24.failListsWith(none, none, none, unreadable);
		assert.equal((await find('gitlab:1')).kind, 'unreadable');
		recordOthers(alert24, 750, 60, 80);
		alert24.failListsWith(none, none, none, none, unreadable);
		assert.equal((await find('gitlab:1')).kind, 'unreadable');
		assert.deepEqual(await find('gitlab:1'), { kind: 'absent', isProven: true });
		assert.deepEqual(readPages(alert24), [0, 1, 2, 3, 0, 1, 2, 3, 4, 0, 3, 4, 5, 6, 7, 8]);
	});

	test('finds a change behind more new ones than one search can read', async () => {
		await using alert24 = await startAlert24();
		recordOthers(alert24, 0, 10, 80);
		const find = openSearch(alert24);
		assert.equal((await find('gitlab:1')).kind, 'absent');
		alert24.record(
			{ summary: 'the change', environment: 'production', external_id: 'gitlab:1' },
			new Date(startMs + 800),
		);
		recordOthers(alert24, 11, 750, 80);
		for (let search = 0; search < 3; search += 1) {
			alert24.failListsWith(none, none, none, none, unreadable);
			assert.notEqual((await find('gitlab:1')).kind, 'absent');
		}
		alert24.heal();
		assert.equal((await find('gitlab:1')).kind, 'found');
		assert.ok(readPages(alert24).length < 20, `pages ${readPages(alert24)}`);
	});

	test('starts again if the list became shorter', async () => {
		await using alert24 = await startAlert24();
		recordOthers(alert24, 500, 500);
		const find = openSearch(alert24);
		alert24.failListsWith(none, none, none, unreadable);
		assert.equal((await find('gitlab:1')).kind, 'unreadable');
		// As if changes were deleted: the page begins after the last change that was read.
		const entry = { external_id: 'other:499', created_at: new Date(startMs + 499 * 4000).toISOString() };
		const page = { data: [entry], meta: { has_more: true } };
		alert24.failListsWith(none, { kind: 'status', status: 200, body: { json: page } });
		assert.equal((await find('gitlab:1')).kind, 'unreadable');
		assert.deepEqual(await find('gitlab:1'), { kind: 'absent', isProven: true });
		assert.deepEqual(readPages(alert24), [0, 1, 2, 3, 0, 2, 0, 1, 2, 3, 4]);
	});
});
