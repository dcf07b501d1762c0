import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { buildIdempotencyKey } from '../../src/delivery/idempotency-key.ts';

suite('buildIdempotencyKey', () => {
	test('gives one external id one key, and another another', () => {
		const key = (externalId: string) =>
			buildIdempotencyKey({ summary: 'x', environment: 'y', external_id: externalId });
		assert.equal(key('gitlab:1'), key('gitlab:1'));
		assert.notEqual(key('gitlab:1'), key('gitlab:2'));
		assert.match(key('gitlab:1\n\u2028ü'), /^[0-9a-f]{64}$/);
	});

	test('gives a change without one a key of its own', () => {
		const key = () => buildIdempotencyKey({ summary: 'x', environment: 'y' });
		assert.notEqual(key(), key());
	});
});
