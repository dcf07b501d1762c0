import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { fitField, fitTag } from '../../src/change/fit-field.ts';
import { findViolations } from '../../src/change/validate-change.ts';

suite('fitField', () => {
	test('returns a value within the limit unchanged', () => {
		assert.equal(fitField('summary', ' a\nb '), ' a\nb ');
		assert.equal(fitField('summary', '🚀'.repeat(255)), '🚀'.repeat(255));
	});

	test('truncates a long value between two characters', () => {
		assert.equal(fitField('summary', '🚀'.repeat(256)), `${'🚀'.repeat(254)}…`);
		assert.equal(fitField('commit_message', 'x'.repeat(100_000)), `${'x'.repeat(9999)}…`);
	});

	test('returns undefined for a value that the field does not accept', () => {
		assert.equal(fitField('branch', ' \n'), undefined);
		assert.equal(fitField('commit_sha', 'HEAD'), undefined);
		assert.equal(fitField('pipeline_url', 'javascript:alert(1)'), undefined);
		assert.equal(fitField('pipeline_url', `https://gitlab.com/${'x'.repeat(2048)}`), undefined);
		assert.equal(fitField('summary', undefined), undefined);
	});

	test('returns undefined or a valid value for any text', () => {
		const fields = ['summary', 'commit_message', 'branch', 'pr_number', 'pr_url', 'changed_by'] as const;
		const text = fc.oneof(
			fc.string({ unit: 'binary' }),
			fc.string({ unit: 'grapheme', minLength: 250, maxLength: 300 }),
		);
		fc.assert(
			fc.property(fc.constantFrom(...fields), text, (field, value) => {
				const change = { summary: 'x', environment: 'x', [field]: fitField(field, value) ?? '1234567' };
				if (fitField(field, value) !== undefined) assert.deepEqual(findViolations(change), []);
			}),
		);
	});
});

suite('fitTag', () => {
	test('truncates a long tag and returns undefined for a blank one', () => {
		assert.equal(fitTag('x'.repeat(300)), `${'x'.repeat(254)}…`);
		assert.equal(fitTag(' '), undefined);
	});
});
