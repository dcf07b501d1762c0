import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readEnvironment } from '../src/environment.ts';

describe('readEnvironment', () => {
	it('leaves out empty variables, as GitLab hands over an input that was not set', () => {
		assert.deepEqual({ ...readEnvironment({ A: 'a', B: '', C: undefined, D: ' ' }) }, { A: 'a', D: ' ' });
	});

	it('does not take properties of every object for variables', () => {
		assert.equal(readEnvironment({})['constructor'], undefined);
	});

	it('replaces halves of characters, which no JSON in UTF-8 can carry', () => {
		assert.equal(readEnvironment({ A: 'x\ud83d' })['A'], 'x\ufffd');
	});
});
