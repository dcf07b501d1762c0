import type { Change } from '../change/change-schema.ts';
import type { UndeliveredChange } from './undelivered-file.ts';

/** Leaves one change for each external id, the last: two with the same id are the same deployment. */
export function dropTwins(changes: readonly UndeliveredChange[]): UndeliveredChange[] {
	const last = new Map(changes.map(({ change }, index) => [change.external_id, index]));
	return changes.filter(({ change: { external_id: id } }, index) => id === undefined || last.get(id) === index);
}

/** Leaves out one change: all with its external id, or, where it has none, one that is the same in every field. */
export function withoutChange(changes: readonly UndeliveredChange[], done: Change): UndeliveredChange[] {
	if (done.external_id !== undefined) return changes.filter(({ change }) => change.external_id !== done.external_id);
	const text = JSON.stringify(done);
	const index = changes.findIndex(({ change }) => JSON.stringify(change) === text);
	return changes.filter((_, other) => other !== index);
}
