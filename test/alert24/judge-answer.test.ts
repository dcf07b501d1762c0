import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { judgeAnswer } from '../../src/alert24/judge-answer.ts';

function judge(status: number, body: unknown = '') {
	const text = typeof body === 'string' ? body : JSON.stringify(body);
	return judgeAnswer({ status, body: text, requestId: undefined, retryAfter: undefined });
}

suite('judgeAnswer', () => {
	test('takes any 2xx for a record, with the id where there is one', () => {
		const data = (id: unknown) => judge(201, { data: { id } });
		assert.deepEqual(data('chg_1'), { kind: 'recorded', id: 'chg_1' });
		assert.deepEqual(data(42), { kind: 'recorded', id: '42' });
		for (const id of ['', null, {}, [], true, 'x'.repeat(256)]) {
			assert.deepEqual(data(id), { kind: 'recorded', id: undefined });
		}
	});

	test('tells type and message of an error as Alert24 documents them', () => {
		assert.deepEqual(judge(400, { error: { type: 'validation_error', message: 'title is required', status: 400 } }), {
			kind: 'refused',
			reason: 'Alert24 answered 400 (validation_error: "title is required")',
			mayHaveArrived: false,
		});
	});

	test('makes no words of what is no error of Alert24', () => {
		for (const body of ['<html>', '', 'null', '[]', '{"error":null}', '{"error":{"message":7}}', '{"error":"x"}']) {
			assert.deepEqual(judge(500, body), {
				kind: 'failed',
				reason: 'Alert24 answered 500',
				isPermanent: false,
				mayHaveArrived: true,
			});
		}
	});

	test('finds a change perhaps recorded after 5xx and 409 alone', () => {
		const statuses = [300, 400, 408, 409, 425, 429, 499, 500, 502, 503, 504, 520, 599];
		const ambiguous = statuses.filter((status) => {
			const verdict = judge(status);
			return verdict.kind !== 'recorded' && verdict.mayHaveArrived;
		});
		assert.deepEqual(ambiguous, [409, 500, 502, 503, 504, 520, 599]);
	});

	test('bounds its words and keeps them on one line, whatever the body', () => {
		const error = fc.record({
			type: fc.anything(),
			message: fc.oneof(fc.string({ unit: 'binary' }), fc.constant('\n\u001b'.repeat(1e5))),
		});
		fc.assert(
			fc.property(fc.integer({ min: 300, max: 599 }), error, (status, told) => {
				const verdict = judge(status, { error: told });
				assert.ok(verdict.kind !== 'recorded');
				assert.ok(verdict.reason.length < 1000);
				assert.doesNotMatch(verdict.reason, /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/);
			}),
			{ numRuns: 50 },
		);
	});
});
