import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ChangeLog } from '../../stand-in/alert24-change-log.ts';

suite("the stand-in's change log", () => {
	const log = new ChangeLog();
	for (let number = 1; number <= 30; number += 1) {
		log.record({ summary: `change ${number}` }, number === 7 ? 'svc_7' : 'svc_1');
	}

	for (const [query, serviceId, summaries, meta] of [
		['', undefined, ['change 30', 'change 6'], { total: 30, limit: 25, offset: 0, has_more: true }],
		['limit=10&offset=25', undefined, ['change 5', 'change 1'], { total: 30, limit: 10, offset: 25, has_more: false }],
		['limit=100', undefined, ['change 30', 'change 1'], { total: 30, limit: 100, offset: 0, has_more: false }],
		['offset=30', undefined, [], { total: 30, limit: 25, offset: 30, has_more: false }],
		['', 'svc_7', ['change 7', 'change 7'], { total: 1, limit: 25, offset: 0, has_more: false }],
		['', 'svc_8', [], { total: 0, limit: 25, offset: 0, has_more: false }],
	] as const) {
		test(`lists newest first: ?${query} of ${serviceId ?? 'all services'}`, () => {
			const answer = log.list(new URLSearchParams(query), serviceId);
			const { data, meta: found } = answer.body as { data: { summary: string }[]; meta: unknown };
			const ends = data.length === 0 ? [] : [data.at(0)?.summary, data.at(-1)?.summary];
			assert.deepEqual([answer.status, ends, found], [200, summaries, meta]);
		});
	}

	for (const query of ['limit=0', 'limit=101', 'limit=ten', 'offset=-1', 'offset=0.5']) {
		test(`refuses ?${query}`, () => {
			assert.equal(log.list(new URLSearchParams(query)).status, 400);
		});
	}
});
