import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { makeVisible, quote, toLogLine, toSafeJson } from '../../src/text/visible-text.ts';

const hostileText = fc.string({ unit: 'binary', maxLength: 50 });

describe('makeVisible', () => {
	it('spells out what acts on a terminal', () => {
		assert.equal(
			makeVisible('a\r\n\t\u001b[2K\u009b1m\u202e\u2028é🚀'),
			'a\\r\\n\\t\\u001b[2K\\u009b1m\\u202e\\u2028é🚀',
		);
	});

	it('leaves no control character of any text', () => {
		fc.assert(fc.property(hostileText, (text) => !/[\p{Cc}\u2028\u2029\u202a-\u202e]/u.test(makeVisible(text))));
	});
});

describe('toLogLine', () => {
	it('defuses the markers of GitLab’s collapsible sections', () => {
		const line = toLogLine('section_start:1700000000:evil\r\u001b[0Kgone');
		assert.equal(line, 'section_start\\u003a1700000000:evil\\r\\u001b[0Kgone');
	});

	it('is bounded', () => {
		assert.ok(toLogLine('x'.repeat(1_000_000)).length <= 4000);
	});

	it('is cut between two characters', () => {
		assert.ok(toLogLine('🚀'.repeat(10_000)).isWellFormed());
	});
});

describe('quote', () => {
	it('shows a value as JSON', () => {
		assert.equal(quote('say "hi"\n'), '"say \\"hi\\"\\n"');
		assert.equal(quote(42), '42');
		assert.equal(quote(undefined), 'undefined');
	});

	it('cuts a long one', () => {
		assert.equal(quote('x'.repeat(1000)), `"${'x'.repeat(199)}…"`);
		assert.ok(quote(Array.from({ length: 10_000 }, () => 'x')).length <= 400);
	});
});

describe('toSafeJson', () => {
	it('means the same as the value, and has no control character but line breaks', () => {
		fc.assert(
			fc.property(fc.dictionary(hostileText, hostileText), (value) => {
				const json = toSafeJson(value);
				assert.deepEqual(JSON.parse(json), JSON.parse(JSON.stringify(value)));
				assert.doesNotMatch(json.replaceAll('\n', ''), /[\p{Cc}\u2028\u2029]/u);
			}),
		);
	});
});
