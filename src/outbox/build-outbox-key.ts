import { hash } from 'node:crypto';
import type { Change } from '../change/change-schema.ts';

/**
 * Returns the key of a change in an outbox, 64 hexadecimal digits: of its external_id and service, which every attempt
 * to record one deployment shares. A change without an external_id has the key of its whole content.
 */
export function buildOutboxKey(change: Change): string {
	const { external_id: externalId, service_id: serviceId = null } = change;
	const identity = externalId === undefined ? change : [externalId, serviceId];
	return hash('sha256', JSON.stringify(identity));
}
