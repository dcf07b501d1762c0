import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { makeVisible, quote, toLogLine, toSafeJson } from '../../src/text/visible-text.ts';

const hostileText = fc.string({ unit: 'binary', maxLength: 50 });

suite('makeVisible', () => {
	test('escapes characters that control a terminal', () => {
		assert.equal(
			makeVisible('a\r\n\t\u001b[2K\u009b1m\u202e\u2028é🚀'),
			'a\\r\\n\\t\\u001b[2K\\u009b1m\\u202e\\u2028é🚀',
		);
	});

	test('escapes every control character', () => {
		fc.assert(fc.property(hostileText, (text) => !/[\p{Cc}\u2028\u2029\u202a-\u202e]/u.test(makeVisible(text))));
	});
});

suite('toLogLine', () => {
	test('escapes the markers of GitLab’s collapsible sections', () => {
		const line = toLogLine('section_start:1700000000:evil\r\u001b[0Kgone');
		assert.equal(line, 'section_start\\u003a1700000000:evil\\r\\u001b[0Kgone');
	});

	test('returns at most 4,000 characters', () => {
		assert.ok(toLogLine('x'.repeat(1_000_000)).length <= 4000);
	});

	test('truncates between two characters', () => {
		assert.ok(toLogLine('🚀'.repeat(10_000)).isWellFormed());
	});
});

suite('quote', () => {
	test('returns a value as JSON', () => {
		assert.equal(quote('say "hi"\n'), '"say \\"hi\\"\\n"');
		assert.equal(quote(42), '42');
		assert.equal(quote(undefined), 'undefined');
	});

	test('truncates a long value', () => {
		assert.equal(quote('x'.repeat(1000)), `"${'x'.repeat(199)}…"`);
		assert.ok(quote(Array.from({ length: 10_000 }, () => 'x')).length <= 400);
	});
});

suite('toSafeJson', () => {
	test('returns JSON without control characters except line breaks', () => {
		fc.assert(
			fc.property(fc.dictionary(hostileText, hostileText), (value) => {
				const json = toSafeJson(value);
				assert.deepEqual(JSON.parse(json), JSON.parse(JSON.stringify(value)));
				assert.doesNotMatch(json.replaceAll('\n', ''), /[\p{Cc}\u2028\u2029]/u);
			}),
		);
	});
});
