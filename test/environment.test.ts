import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { readEnvironment } from '../src/environment.ts';

suite('readEnvironment', () => {
	test('omits empty variables: GitLab passes an input without a value as one', () => {
		assert.deepEqual({ ...readEnvironment({ A: 'a', B: '', C: undefined, D: ' ' }) }, { A: 'a', D: ' ' });
	});

	test('contains no properties of Object.prototype', () => {
		assert.equal(readEnvironment({})['constructor'], undefined);
	});

	test('replaces lone surrogates, which UTF-8 cannot encode', () => {
		assert.equal(readEnvironment({ A: 'x\ud83d' })['A'], 'x\ufffd');
	});
});
