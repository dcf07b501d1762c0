import type { Change } from '../change/change-schema.ts';
import type { UndeliveredChange } from './undelivered-file.ts';

/** Leaves of the same changes one, the last. */
export function dropTwins(changes: readonly UndeliveredChange[]): UndeliveredChange[] {
	const last = new Map(changes.map(({ change }, index) => [identify(change), index]));
	return changes.filter(({ change }, index) => last.get(identify(change)) === index);
}

/** Whether two changes tell of the same deployment. */
export function isTwin(change: Change, other: Change): boolean {
	return identify(change) === identify(other);
}

function identify(change: Change): string {
	return change.external_id ?? JSON.stringify(change);
}
