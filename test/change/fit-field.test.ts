import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { fitField, fitTag } from '../../src/change/fit-field.ts';
import { findViolations } from '../../src/change/validate-change.ts';

describe('fitField', () => {
	it('leaves what fits as it is', () => {
		assert.equal(fitField('summary', ' a\nb '), ' a\nb ');
		assert.equal(fitField('summary', '🚀'.repeat(255)), '🚀'.repeat(255));
	});

	it('cuts what is too long between two characters', () => {
		assert.equal(fitField('summary', '🚀'.repeat(256)), `${'🚀'.repeat(254)}…`);
		assert.equal(fitField('commit_message', 'x'.repeat(100_000)), `${'x'.repeat(9999)}…`);
	});

	it('gives nothing for what the field cannot hold', () => {
		assert.equal(fitField('branch', ' \n'), undefined);
		assert.equal(fitField('commit_sha', 'HEAD'), undefined);
		assert.equal(fitField('pipeline_url', 'javascript:alert(1)'), undefined);
		assert.equal(fitField('pipeline_url', `https://gitlab.com/${'x'.repeat(2048)}`), undefined);
		assert.equal(fitField('summary', undefined), undefined);
	});

	it('gives nothing, or what the schema lets pass, for any text', () => {
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

describe('fitTag', () => {
	it('cuts a long tag and drops a blank one', () => {
		assert.equal(fitTag('x'.repeat(300)), `${'x'.repeat(254)}…`);
		assert.equal(fitTag(' '), undefined);
	});
});
