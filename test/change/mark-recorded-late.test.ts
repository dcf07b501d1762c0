import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Change } from '../../src/change/change-schema.ts';
import { isLate, markRecordedLate } from '../../src/change/mark-recorded-late.ts';
import { assertValidChange } from '../../src/change/validate-change.ts';

const change: Change = { summary: 'Deployed shop @ 1a2b3c4d', environment: 'production', tags: ['gitlab'] };
const endedAt = new Date('2026-11-02T12:00:00Z');
const line = 'Recorded later; the deployment ended at 2026-11-02T12:00:00.000Z';

suite('markRecordedLate', () => {
	test('adds the tag, and the end of the deployment as the last line of the description', () => {
		assert.deepEqual(markRecordedLate(change, endedAt), {
			...change,
			description: line,
			tags: ['gitlab', 'recorded-late'],
		});
		const described = { ...change, description: 'Release 7\nStarted: 2026-11-02T11:58:00Z' };
		assert.equal(markRecordedLate(described, endedAt).description, `${described.description}\n${line}`);
		const { tags: _, ...untagged } = change;
		assert.deepEqual(markRecordedLate(untagged, endedAt).tags, ['recorded-late']);
	});

	test('changes nothing the second time', () => {
		const once = markRecordedLate({ ...change, description: 'x' }, endedAt);
		assert.deepEqual(markRecordedLate(once, endedAt), once);
		const bare = markRecordedLate(change, endedAt);
		assert.deepEqual(markRecordedLate(bare, endedAt), bare);
	});

	test('keeps the longest description and the most tags valid', () => {
		const tags = Array.from({ length: 50 }, (_, index) => `tag ${index}`);
		const late = markRecordedLate({ ...change, description: '界'.repeat(10_000), tags }, endedAt);
		assertValidChange(late);
		assert.ok(late.description?.endsWith(`界…\n${line}`));
		assert.deepEqual(late.tags, [...tags.slice(0, 49), 'recorded-late']);
	});
});

suite('isLate', () => {
	test('is true more than 15 minutes after the end of the deployment', () => {
		assert.equal(isLate(endedAt, Date.parse('2026-11-02T12:15:00Z')), false);
		assert.equal(isLate(endedAt, Date.parse('2026-11-02T12:15:01Z')), true);
	});
});
