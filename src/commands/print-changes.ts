import type { Change } from '../change/change-schema.ts';
import { exitCodes } from '../exit-codes.ts';
import type { Log } from '../log/log.ts';

/** What a dry run prints: one change as an object, several as an array, so that `validate` takes either. */
export function printChanges(changes: readonly Change[], log: Log): void {
	if (log.isJson) log.summary({ outcome: 'dry_run', exit_code: exitCodes.ok, services: [], changes });
	else log.resultJson(changes.length === 1 ? changes[0] : changes);
}
