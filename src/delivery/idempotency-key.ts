import { createHash } from 'node:crypto';
import type { Change } from '../change/change-schema.ts';

/**
 * Returns the Idempotency-Key of a change, 64 hexadecimal digits: of the whole change as it is stored, so that it is
 * the same for all attempts, also for a replay days later. Alert24 does not document that it reads this header. The
 * lookup does not depend on it.
 */
export function buildIdempotencyKey(change: Change): string {
	return createHash('sha256').update(JSON.stringify(change)).digest('hex');
}
