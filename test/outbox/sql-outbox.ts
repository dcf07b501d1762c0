import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import type { NewRow } from '../../src/outbox/acceptance-queue.ts';
import type { SqlOutbox } from '../../src/outbox/sql-outbox.ts';

/** A change whose external_id is `gitlab:<number>`, in a lane of its own. */
export function buildEntry(number: number): NewRow {
	return {
		change: {
			summary: `Deployed shop @ ${String(number).padStart(8, '0')}`,
			environment: 'production',
			external_id: `gitlab:${number}`,
		},
		createdAt: new Date(1_785_000_000_000 + number),
	};
}

const recorded = { state: 'recorded', id: 'chg_1' } as never;
const refused = { state: 'refused', reason: 'Alert24 answered 400' } as never;

/** Tests that hold for both engines. */
export function describeOutbox(open: (now?: () => number) => Promise<SqlOutbox>, mostWaiting: number): void {
	let nowMs = 1_785_000_000_000;
	const now = () => nowMs;
	const claimId = async (outbox: SqlOutbox) => (await outbox.claim(1000))?.change.external_id;

	test('stores a change once, also after it is finished', async () => {
		const outbox = await open(now);
		assert.equal(await outbox.put(buildEntry(1)), 'stored');
		assert.equal(await outbox.put(buildEntry(1)), 'duplicate');
		const claim = await outbox.claim(1000);
		assert.ok(claim);
		assert.equal(await outbox.finish(claim, recorded), true);
		assert.equal(await outbox.put(buildEntry(1)), 'duplicate');
		assert.equal(await claimId(outbox), undefined);
		await outbox.end();
	});

	test('returns the stored change, its time and its details', async () => {
		const outbox = await open(now);
		const entry = { ...buildEntry(7), details: { rule: 1, text: 'ä "quoted" \\ \u2028' } };
		await outbox.accept([entry], undefined);
		const claim = await outbox.claim(1000);
		assert.deepEqual(
			[claim?.change, claim?.createdAt, claim?.details, claim?.receivedAtMs, claim?.isFirst],
			[entry.change, entry.createdAt, entry.details, nowMs, true],
		);
		await outbox.end();
	});

	test('stores several changes of an event together, or none', async () => {
		const outbox = await open(now);
		const unstorable = { ...buildEntry(2), lane: null as never, change: { ...buildEntry(2).change } };
		Object.defineProperty(unstorable.change, 'summary', {
			enumerable: true,
			get: () => {
				throw new Error('broken');
			},
		});
		await assert.rejects(outbox.accept([buildEntry(1), unstorable], undefined));
		assert.equal((await outbox.count()).pending, 0);
		assert.deepEqual(await outbox.accept([buildEntry(1), buildEntry(2), buildEntry(1)], undefined), [
			'stored',
			'stored',
			'duplicate',
		]);
		await outbox.end();
	});

	test('hands out the changes in the order of receipt, an interrupted one first', async () => {
		const outbox = await open(now);
		for (const number of [1, 2, 3]) await outbox.put(buildEntry(number));
		const first = await outbox.claim(1000);
		assert.equal(first?.change.external_id, 'gitlab:1');
		nowMs += 2000;
		assert.equal(await claimId(outbox), 'gitlab:1', 'its lease is over');
		assert.equal(await claimId(outbox), 'gitlab:2');
		await outbox.end();
	});

	test('hands out one change of a lane at a time', async () => {
		const outbox = await open(now);
		for (const number of [1, 2, 3]) await outbox.put({ ...buildEntry(number), lane: number < 3 ? 'a' : 'b' });
		const first = await outbox.claim(1000);
		assert.equal(await claimId(outbox), 'gitlab:3');
		assert.equal(await claimId(outbox), undefined, 'lane a is held');
		assert.ok(first);
		await outbox.postpone(first, { reason: 'down' }, new Date(nowMs + 500));
		assert.equal(await claimId(outbox), undefined, 'the first of lane a is not due');
		nowMs += 600;
		assert.equal(await claimId(outbox), 'gitlab:1');
		await outbox.end();
	});

	test('a change that is set aside holds back no other of its lane', async () => {
		const outbox = await open(now);
		for (const number of [1, 2]) await outbox.put({ ...buildEntry(number), lane: 'a' });
		const first = await outbox.claim(1000);
		assert.ok(first);
		assert.equal(await outbox.setAside(first, 'GitLab is away', new Date(nowMs + 500)), true);
		assert.equal(await claimId(outbox), 'gitlab:2');
		assert.equal(await claimId(outbox), undefined);
		nowMs += 600;
		assert.equal(await claimId(outbox), 'gitlab:1');
		assert.equal(await outbox.setAside(first, 'GitLab is away', new Date(nowMs)), false, 'the lease is another');
		await outbox.end();
	});

	test('drops the result of a worker that lost its lease', async () => {
		const outbox = await open(now);
		await outbox.put(buildEntry(1));
		const lost = await outbox.claim(1000);
		nowMs += 2000;
		const held = await outbox.claim(1000);
		assert.ok(lost && held);
		assert.equal(held.isFirst, false);
		assert.equal(await outbox.finish(lost, recorded), false);
		assert.equal(await outbox.postpone(lost, { reason: 'down' }, new Date(nowMs)), false);
		assert.equal(await outbox.finish(held, recorded), true);
		await outbox.end();
	});

	test('keeps a refused change apart until it is retried', async () => {
		const outbox = await open(now);
		await outbox.put({ ...buildEntry(1), lane: 'a' });
		await outbox.put({ ...buildEntry(2), lane: 'a' });
		const claim = await outbox.claim(1000);
		assert.ok(claim);
		await outbox.finish(claim, refused);
		assert.deepEqual(await outbox.count(), { pending: 1, refused: 1, oldestPendingAtMs: nowMs });
		assert.deepEqual(
			(await outbox.list()).map(({ change, state, reason }) => [change.external_id, state, reason]),
			[
				['gitlab:1', 'refused', 'Alert24 answered 400'],
				['gitlab:2', 'pending', undefined],
			],
		);
		await outbox.prune(new Date(nowMs + 1));
		assert.equal(await outbox.retryRefused(), 1);
		const again = await outbox.claim(1000);
		assert.deepEqual([again?.change.external_id, again?.isFirst], ['gitlab:1', false]);
		await outbox.end();
	});

	test('replaces a change that waits for a start by one that does not, until it is decided', async () => {
		const outbox = await open(now);
		const waiting = { ...buildEntry(1), waitsFor: 'job 1', dueAt: new Date(nowMs + 60_000) };
		const certain = { ...buildEntry(1), details: 'certain' };
		assert.equal(await outbox.put(waiting), 'stored');
		assert.equal(await outbox.put(waiting), 'duplicate');
		assert.equal(await outbox.put(certain), 'stored');
		assert.equal(await outbox.put(certain), 'duplicate');
		assert.equal(await outbox.put(waiting), 'duplicate');
		const claim = await outbox.claim(1000);
		assert.deepEqual([claim?.details, claim?.waitsFor, claim?.isFirst], ['certain', undefined, true]);

		assert.equal(await outbox.put({ ...buildEntry(2), waitsFor: 'job 2' }), 'stored');
		const decided = await outbox.claim(1000);
		assert.ok(decided);
		assert.equal(decided.waitsFor, 'job 2');
		assert.equal(await outbox.confirmStart(decided), true);
		assert.equal(await outbox.put(buildEntry(2)), 'duplicate');
		assert.equal(await outbox.finish(decided, recorded), true);
		await outbox.end();
	});

	test('a worker loses its claim to a change that replaces the claimed one', async () => {
		const outbox = await open(now);
		await outbox.put({ ...buildEntry(1), waitsFor: 'job 1' });
		const lost = await outbox.claim(1000);
		assert.ok(lost);
		assert.equal(await outbox.put(buildEntry(1)), 'stored');
		assert.equal(await outbox.confirmStart(lost), false);
		assert.equal(await outbox.close(lost, 'never started', undefined), false);
		assert.equal(await claimId(outbox), 'gitlab:1');
		await outbox.end();
	});

	test('stores a change again that never started, and no other that is finished', async () => {
		const outbox = await open(now);
		for (const entry of [buildEntry(1), { ...buildEntry(1), waitsFor: 'job 1' }]) {
			await outbox.put({ ...buildEntry(1), waitsFor: 'job 1' });
			const claim = await outbox.claim(1000);
			assert.ok(claim);
			assert.equal(await outbox.close(claim, 'never started', 'it never started'), true);
			assert.equal(await outbox.put(entry), 'stored');
			assert.deepEqual(
				(await outbox.list()).map(({ state, reason, attempts }) => [state, reason, attempts]),
				[['pending', undefined, 0]],
			);
			const again = await outbox.claim(1000);
			assert.ok(again);
			await outbox.close(again, 'never started', undefined);
		}
		await outbox.end();
	});

	test('stores the change that waits for no start if two equal ones arrive at the same time', async () => {
		const outbox = await open(now);
		const waiting = { ...buildEntry(1), waitsFor: 'job 1' };
		const results = await Promise.all([
			outbox.put(buildEntry(9)),
			outbox.put(waiting),
			outbox.put({ ...buildEntry(1), details: 'certain' }),
			outbox.put({ ...buildEntry(1), details: 'too late' }),
			outbox.put(waiting),
		]);
		assert.deepEqual(results, ['stored', 'duplicate', 'stored', 'duplicate', 'duplicate']);
		await outbox.claim(1000);
		assert.equal((await outbox.claim(1000))?.details, 'certain');
		await outbox.end();
	});

	test('keeps the start for which a change waits, whatever its age', async () => {
		const outbox = await open(now);
		await outbox.accept([{ ...buildEntry(1), waitsFor: 'job 1' }], { id: 'job 1', startedAt: undefined });
		nowMs += 1000;
		await outbox.prune(new Date(nowMs));
		assert.deepEqual(await outbox.findStart('job 1'), { id: 'job 1', startedAt: undefined });
		const claim = await outbox.claim(1000);
		assert.ok(claim);
		await outbox.confirmStart(claim);
		await outbox.prune(new Date(nowMs));
		assert.equal(await outbox.findStart('job 1'), undefined);
		await outbox.end();
	});

	test('remembers the start of a deployment', async () => {
		const outbox = await open(now);
		await outbox.accept([], { id: 'job 1', startedAt: '2026-08-02T10:40:58Z' });
		await outbox.accept([], { id: 'job 1', startedAt: undefined });
		await outbox.accept([], { id: 'job 2', startedAt: undefined });
		assert.deepEqual(await outbox.findStart('job 1'), { id: 'job 1', startedAt: '2026-08-02T10:40:58Z' });
		assert.deepEqual(await outbox.findStart('job 2'), { id: 'job 2', startedAt: undefined });
		assert.equal(await outbox.findStart('job 3'), undefined);
		await outbox.end();
	});

	test('stores a change with a long lane, and the start of a deployment with a long id', async () => {
		const outbox = await open(now);
		// PostgreSQL compresses a text that repeats itself.
		const long = randomBytes(4000).toString('hex');
		for (const number of [1, 2]) assert.equal(await outbox.put({ ...buildEntry(number), lane: long }), 'stored');
		assert.equal(await claimId(outbox), 'gitlab:1');
		assert.equal(await claimId(outbox), undefined, 'the lane is held');
		await outbox.accept([], { id: long, startedAt: '2026-08-02T10:40:58Z' });
		assert.deepEqual(await outbox.findStart(long), { id: long, startedAt: '2026-08-02T10:40:58Z' });
		await outbox.end();
	});

	test('finishes and postpones a change whose id or reason contains control characters', async () => {
		const outbox = await open(now);
		for (const number of [1, 2]) await outbox.put(buildEntry(number));
		const [one, two] = [await outbox.claim(1000), await outbox.claim(1000)];
		assert.ok(one && two);
		assert.equal(await outbox.finish(one, { state: 'recorded', id: 'a\u0000b' } as never), true);
		assert.equal(await outbox.postpone(two, { reason: 'a\u0000b' }, new Date(nowMs)), true);
		assert.deepEqual(
			(await outbox.list()).map(({ reason }) => reason),
			['a\\u0000b'],
		);
		await outbox.end();
	});

	test('deletes finished changes after their time, and no others', async () => {
		const outbox = await open(now);
		await outbox.put(buildEntry(1));
		const claim = await outbox.claim(1000);
		assert.ok(claim);
		await outbox.finish(claim, recorded);
		await outbox.put(buildEntry(2));
		await outbox.accept([], { id: 'job 1', startedAt: undefined });
		nowMs += 1000;
		await outbox.prune(new Date(nowMs));
		assert.equal((await outbox.count()).pending, 1);
		assert.equal(await outbox.put(buildEntry(1)), 'stored');
		assert.equal(await outbox.findStart('job 1'), undefined);
		await outbox.end();
	});

	test('holds no change back for long if the clock is set back', async () => {
		const outbox = await open(now);
		await outbox.put(buildEntry(1));
		await outbox.claim(60_000);
		nowMs -= 7 * 24 * 3_600_000;
		assert.equal(await claimId(outbox), 'gitlab:1');
		await outbox.put(buildEntry(2));
		assert.equal(await claimId(outbox), 'gitlab:2');
		await outbox.end();
	});

	test(`claims the next of ${mostWaiting} waiting changes in a short time`, async () => {
		const outbox = await open(now);
		for (let batch = 0; batch < mostWaiting / 1000; batch += 1) {
			const entries = Array.from({ length: 1000 }, (_, index) => ({
				...buildEntry(batch * 1000 + index),
				lane: `lane ${index % 20}`,
			}));
			await outbox.accept(entries, undefined);
		}
		const started = performance.now();
		for (let number = 0; number < 20; number += 1) assert.equal(await claimId(outbox), `gitlab:${number}`);
		assert.equal(await claimId(outbox), undefined, 'every lane is held');
		const perClaimMs = (performance.now() - started) / 21;
		assert.ok(perClaimMs < 500, `${perClaimMs} ms for each claim`);
		await outbox.end();
	});
}
