import type { Change } from '../change/change-schema.ts';
import { exitCodes } from '../exit-codes.ts';
import type { Log } from '../log/log.ts';
import { printResult } from '../report/result.ts';

/** Prints the changes of a dry run: one change as an object, several as an array. `validate` accepts both. */
export function printChanges(changes: readonly Change[], log: Log): void {
	if (log.isJson) printResult({ outcome: 'dry_run', exit_code: exitCodes.ok, services: [], changes }, log);
	else log.resultJson(changes.length === 1 ? changes[0] : changes);
}
