import { createHash, randomUUID } from 'node:crypto';
import type { Change } from '../change/change-schema.ts';

/**
 * One key for all attempts at one change, a replay days later included: from its external id where it has one. Alert24 does not document
 * that it heeds the header; the look for the external id does not depend on it.
 */
export function buildIdempotencyKey(change: Change): string {
	if (change.external_id === undefined) return randomUUID();
	return createHash('sha256').update(change.external_id).digest('hex');
}
