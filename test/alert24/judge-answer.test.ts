import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { judgeAnswer } from '../../src/alert24/judge-answer.ts';

function judge(status: number, body: unknown = '', requestId?: string) {
	const text = typeof body === 'string' ? body : JSON.stringify(body);
	return judgeAnswer({ status, body: text, requestId, retryAfter: undefined });
}

const page =
	'<!DOCTYPE html>\n<html><head><style>p { color: red }</style><title>Acme</title></head><body><p>Access   blocked</p></body></html>';

suite('judgeAnswer', () => {
	const confirmed: [title: string, body: unknown, requestId?: string][] = [
		['data', { data: { id: 'chg_1' } }],
		['data and null as error', { data: { id: 'chg_1' }, error: null }],
		['an empty list as data', { data: [] }],
		['an empty body with X-Request-Id', '', 'req_1'],
		['any JSON without error, with X-Request-Id', { ok: true }, 'req_1'],
		['null with X-Request-Id', 'null', 'req_1'],
		['a text with X-Request-Id', 'OK', 'req_1'],
	];
	for (const [title, body, requestId] of confirmed) {
		test(`counts a 2xx with ${title}`, () => {
			for (const status of [200, 201, 202, 204, 299]) assert.equal(judge(status, body, requestId).kind, 'recorded');
		});
	}

	const unconfirmed: [title: string, body: unknown, words: string, requestId?: string][] = [
		['a page', page, 'a page that begins with "Acme Access blocked"'],
		['a text', 'OK', 'a page that begins with "OK"'],
		['an empty body', '', 'an empty page'],
		['markup without words', '<html></html>', 'an empty page'],
		['null as data', { data: null }, 'a page that begins with "{\\"data\\":null}"'],
		['success: false', { success: false }, 'a page that begins with "{\\"success\\":false}"'],
		['success: false and X-Request-Id', { success: false }, 'a page that begins with "{\\"success\\":false}"', 'req_1'],
		['an error and X-Request-Id', { error: null }, 'a page that begins with "{\\"error\\":null}"', 'req_1'],
		['half an error and X-Request-Id', '{"error": {"ty', 'a page that begins with "{\\"error\\": {\\"ty"', 'req_1'],
	];
	for (const [title, body, words, requestId] of unconfirmed) {
		test(`does not count a 2xx with ${title}`, () => {
			assert.deepEqual(judge(200, body, requestId), {
				kind: 'unconfirmed',
				reason: `the answer 200 does not confirm the change: ${words}`,
			});
		});
	}

	test('reads the id and the page of the change', () => {
		const data = (change: object) => judge(201, { data: change });
		assert.deepEqual(data({ id: 'chg_1', url: 'https://app.alert24.net/changes/chg_1' }), {
			kind: 'recorded',
			id: 'chg_1',
			url: 'https://app.alert24.net/changes/chg_1',
		});
		assert.deepEqual(data({ id: 42, html_url: 'https://x/1' }), { kind: 'recorded', id: '42', url: 'https://x/1' });
		for (const id of ['', null, {}, [], true, 'x'.repeat(256)]) {
			assert.deepEqual(data({ id, url: 'javascript:alert(1)' }), { kind: 'recorded', id: undefined, url: undefined });
		}
	});

	test('decides by the status of an error', () => {
		const kinds = (statuses: number[]) =>
			statuses.map((status) => {
				const verdict = judge(status);
				assert.ok(verdict.kind === 'failed' || verdict.kind === 'refused');
				const isTimeout = verdict.kind === 'failed' && verdict.isTimeout;
				return `${status} ${verdict.kind}${verdict.mayHaveArrived ? ', perhaps recorded' : ''}${isTimeout ? ', timeout' : ''}`;
			});
		assert.deepEqual(kinds([408, 425, 429, 500, 502, 503, 504, 520, 524, 599]), [
			'408 failed',
			'425 failed',
			'429 failed',
			'500 failed, perhaps recorded',
			'502 failed, perhaps recorded',
			'503 failed, perhaps recorded',
			'504 failed, perhaps recorded, timeout',
			'520 failed, perhaps recorded',
			'524 failed, perhaps recorded, timeout',
			'599 failed, perhaps recorded',
		]);
		assert.deepEqual(kinds([301, 304, 400, 401, 403, 404, 407, 409, 413, 422, 499]), [
			'301 refused',
			'304 refused',
			'400 refused',
			'401 refused',
			'403 refused',
			'404 refused',
			'407 refused',
			'409 refused, perhaps recorded',
			'413 refused',
			'422 refused',
			'499 refused',
		]);
	});

	test('words the reason with type and message of the error, and the remedy', () => {
		const reason = (status: number, body: unknown = '') => {
			const verdict = judge(status, body);
			return verdict.kind === 'recorded' ? undefined : verdict.reason;
		};
		assert.equal(
			reason(400, { error: { type: 'validation_error', message: 'title is required', status: 400 } }),
			'Alert24 answered 400 (validation_error: "title is required")',
		);
		assert.equal(reason(401), 'Alert24 answered 401: check ALERT24_API_KEY: it may be mistyped, expired or revoked');
		assert.equal(reason(403), 'Alert24 answered 403: the key needs the scope write');
		assert.equal(
			reason(404),
			'Alert24 answered 404: check ALERT24_SERVICE_ID, that the key belongs to the same organization, and ALERT24_API_URL',
		);
		assert.equal(
			reason(302),
			'Alert24 answered 302: a redirect, which is not followed: ALERT24_API_URL must be the final address',
		);
		for (const body of [page, '', 'null', '[]', '{"error":null}', '{"error":{"message":7}}', '{"error":"x"}', '{"er']) {
			assert.equal(reason(500, body), 'Alert24 answered 500');
		}
	});

	test('bounds the reason and keeps it on one line, whatever the body', () => {
		const text = fc.oneof(
			fc.string({ unit: 'binary' }),
			fc.constantFrom('\n\u001b'.repeat(1e5), '<script>'.repeat(1e5)),
		);
		const body = fc.oneof(
			text,
			fc.record({ error: fc.record({ type: fc.oneof(text, fc.anything()), message: text }) }),
		);
		fc.assert(
			fc.property(fc.integer({ min: 200, max: 599 }), body, (status, told) => {
				const verdict = judge(status, told);
				if (verdict.kind === 'recorded') return;
				assert.ok(verdict.reason.length < 1000, `${verdict.reason.length}`);
				assert.doesNotMatch(verdict.reason, /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/);
			}),
		);
	});

	test('needs no time for a text of a megabyte', () => {
		const startedAtMs = performance.now();
		judge(400, { error: { type: '…x'.repeat(500_000), message: '<'.repeat(500_000) } });
		judge(200, '<script>'.repeat(130_000));
		assert.ok(performance.now() - startedAtMs < 10_000);
	});
});
