import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import {
	attemptLimitMs,
	delayBeforeRetry,
	delayBeforeSecondLookup,
	readRetryAfter,
	retryPolicy,
} from '../../src/delivery/retry-policy.ts';

const now = Date.parse('2026-11-21T12:00:00Z');

suite('delayBeforeRetry', () => {
	const situation = { attempts: 1, retryAfterMs: undefined, remainingMs: 60_000, random: 1 };

	test('doubles with each attempt up to the longest', () => {
		const delays = [1, 2, 3, 4, 5, 6, 1000].map((attempts) =>
			delayBeforeRetry({ ...situation, attempts }, retryPolicy),
		);
		assert.deepEqual(delays, [1000, 2000, 4000, 8000, 16_000, 16_000, 16_000]);
	});

	test('is at least half as long by jitter', () => {
		assert.equal(delayBeforeRetry({ ...situation, random: 0 }, retryPolicy), 500);
	});

	test('is never shorter than the server asks for', () => {
		assert.equal(delayBeforeRetry({ ...situation, retryAfterMs: 7000, random: 0 }, retryPolicy), 7000);
		assert.equal(delayBeforeRetry({ ...situation, retryAfterMs: 7000, random: 1 }, retryPolicy), 7250);
		assert.equal(delayBeforeRetry({ ...situation, retryAfterMs: 0, random: 1 }, retryPolicy), 1000);
	});

	test('is undefined if it would use up the budget', () => {
		assert.equal(delayBeforeRetry({ ...situation, remainingMs: 1000 }, retryPolicy), undefined);
		assert.equal(delayBeforeRetry({ ...situation, retryAfterMs: 3_600_000 }, retryPolicy), undefined);
		assert.equal(delayBeforeRetry({ ...situation, remainingMs: -1 }, retryPolicy), undefined);
	});
});

suite('readRetryAfter', () => {
	test('reads seconds', () => {
		assert.deepEqual(
			['0', '7', ' 120 ', '007'].map((header) => readRetryAfter(header, now)),
			[0, 7000, 120_000, 7000],
		);
	});

	test('reads a date in each of the three forms of HTTP', () => {
		const dates = ['Sat, 21 Nov 2026 12:00:30 GMT', 'Saturday, 21-Nov-26 12:00:30 GMT', 'Sat Nov 21 12:00:30 2026'];
		assert.deepEqual(
			dates.map((header) => readRetryAfter(header, now)),
			[30_000, 30_000, 30_000],
		);
	});

	test('reads a past date as now', () => {
		assert.equal(readRetryAfter('Sun, 06 Nov 1994 08:49:37 GMT', now), 0);
	});

	test('rejects any other text', () => {
		for (const header of [undefined, '', 'soon', '-5', '1.5', '1e3', '0x10', '2026-11-21', '12:00:30', 'Infinity']) {
			assert.equal(readRetryAfter(header, now), undefined, header);
		}
	});

	test('returns a finite time from now on or undefined for any header', () => {
		const header = fc.oneof(
			fc.string(),
			fc.stringMatching(/^\d{1,400}$/),
			fc.date({ noInvalidDate: true }).map((d) => d.toUTCString()),
		);
		fc.assert(
			fc.property(header, (text) => {
				const ms = readRetryAfter(text, now);
				return ms === undefined || (Number.isFinite(ms) && ms >= 0);
			}),
		);
	});
});

suite('attemptLimitMs', () => {
	test('is half of the budget for the first attempt, and 10 s for a later one, and leaves time for a lookup', () => {
		const limits = (attempt: number) =>
			[240_000, 60_000, 8000, 1000, 0.1, -5].map((remainingMs) => attemptLimitMs(attempt, remainingMs, retryPolicy));
		assert.deepEqual(limits(1), [120_000, 30_000, 4000, 500, 1, 1]);
		assert.deepEqual(limits(2), [10_000, 10_000, 6000, 750, 1, 1]);
	});
});

suite('delayBeforeSecondLookup', () => {
	test('is 10 to 15 s, or undefined if the budget is too short', () => {
		const delay = (remainingMs: number, random: number) =>
			delayBeforeSecondLookup({ remainingMs, random }, retryPolicy);
		assert.deepEqual([delay(60_000, 0), delay(60_000, 1), delay(12_000, 0)], [10_000, 15_000, 10_000]);
		assert.deepEqual([delay(11_000, 0), delay(16_000, 1), delay(0, 0)], [undefined, undefined, undefined]);
	});
});
