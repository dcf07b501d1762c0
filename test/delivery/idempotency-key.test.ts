import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Change } from '../../src/change/change-schema.ts';
import { buildIdempotencyKey } from '../../src/delivery/idempotency-key.ts';

const change: Change = { summary: 'Deployed shop', environment: 'production', external_id: 'gitlab:1', tags: ['a'] };

suite('buildIdempotencyKey', () => {
	test('is the same for a change that was stored and read again', () => {
		const key = buildIdempotencyKey(change);
		assert.match(key, /^[0-9a-f]{64}$/);
		assert.equal(buildIdempotencyKey(JSON.parse(JSON.stringify(change))), key);
	});

	test('differs for every difference between two changes', () => {
		const { external_id: _, ...anonymous } = change;
		const others: Change[] = [
			{ ...change, summary: 'Migrated shop' },
			{ ...change, environment: 'staging' },
			{ ...change, external_id: 'gitlab:2' },
			{ ...change, service_id: 'svc_1' },
			{ ...change, tags: ['a', 'b'] },
			anonymous,
		];
		assert.equal(new Set([change, ...others].map(buildIdempotencyKey)).size, 1 + others.length);
	});
});
