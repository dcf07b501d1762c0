import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { type Fault, strangeBodies } from '../../stand-in/alert24-faults.ts';
import { startAlert24 } from '../../stand-in/alert24-stand-in.ts';
import { observePost } from '../support/observe-post.ts';

type Row = {
	readonly fault: Fault;
	readonly status?: number;
	readonly end: string;
	readonly records: number;
};

const rows: readonly Row[] = [
	{ fault: { kind: 'none' }, status: 201, end: 'whole', records: 1 },
	{ fault: { kind: 'late', delayMs: 30 }, status: 201, end: 'whole', records: 1 },
	{ fault: { kind: 'late', delayMs: 5000 }, end: 'waited', records: 1 },
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

suite('the faults of the stand-in of Alert24', { concurrency: true }, () => {
	for (const { fault, ...expected } of rows) {
		test(`${JSON.stringify(fault)} shows as ${JSON.stringify(expected)}, and is over after it`, async () => {
			await using alert24 = await startAlert24();
			alert24.failWith(fault);
			// Only for what must never come is the client impatient, so that a busy machine changes nothing.
			const patience = expected.status === undefined ? { headersMs: 150 } : { bodyMs: 100 };
			const { status, end } = await observePost(alert24, expected.end === 'waited' ? patience : {});
			assert.deepEqual({ ...(status && { status }), end, records: alert24.changes.length }, expected);
			assert.deepEqual(alert24.requests[0]?.fault, fault);
			assert.equal((await observePost(alert24)).status, 201);
		});
	}

	for (const [name, body] of Object.entries(strangeBodies)) {
		test(`a 2xx with a strange body (${name}) arrives whole, and the change is recorded`, async () => {
			await using alert24 = await startAlert24();
			alert24.failWith({ kind: 'status', status: 200, body });
			const seen = await observePost(alert24);
			assert.deepEqual([seen.status, seen.end, alert24.changes.length], [200, 'whole', 1]);
			if (typeof body === 'object') assert.equal(seen.body, 'json' in body ? JSON.stringify(body.json) : body.text);
			if (body === 'huge') assert.equal(JSON.parse(seen.body).data.summary.length, 32 * 1024 * 1024);
			if (body === 'empty') assert.equal(seen.body, '');
			if (body === 'html') assert.match(seen.body, /^<!DOCTYPE html>/);
			if (body === 'cut-json') assert.throws(() => JSON.parse(seen.body), SyntaxError);
		});
	}

	test("an error status has Alert24's envelope, its request id and the headers asked for", async () => {
		await using alert24 = await startAlert24();
		alert24.failWith({ kind: 'status', status: 429, headers: { 'Retry-After': '7' } });
		const seen = await observePost(alert24);
		const error = { type: 'rate_limit_error', message: 'Too many requests', status: 429 };
		assert.deepEqual(JSON.parse(seen.body), { error });
		assert.equal(seen.headers?.['retry-after'], '7');
		assert.equal(seen.headers?.['x-request-id'], alert24.requests[0]?.requestId);
	});
});
