import type { UndeliveredChange } from './undelivered-file.ts';

/** Leaves one change for each external id, the last: two with the same id are the same deployment. */
export function dropTwins(changes: readonly UndeliveredChange[]): UndeliveredChange[] {
	const last = new Map(changes.map(({ change }, index) => [change.external_id, index]));
	return changes.filter(({ change: { external_id: id } }, index) => id === undefined || last.get(id) === index);
}
