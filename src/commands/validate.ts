import { findViolations } from '../change/validate-change.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import type { Log } from '../log/log.ts';
import { printResult } from '../report/result.ts';
import { InvalidChangeError } from '../reported-error.ts';
import { describeFileArgument, readFileArgument } from './read-file-argument.ts';

const largestFile = 16 * 1024 * 1024;
const mostViolations = 10_000;

/**
 * Checks the change, or the array of changes, in a JSON file (`-`: stdin) against the schema. Throws a
 * ConfigurationError for a file that cannot be read, an InvalidChangeError with all that is wrong.
 */
export async function validateFile(path: string, readStdin: () => Promise<Uint8Array>, log: Log): Promise<ExitCode> {
	const bytes = await readFileArgument(path, readStdin, largestFile);
	const value = parse(bytes, describeFileArgument(path));
	const changes = Array.isArray(value) ? value : [value];
	const violations: string[] = changes.length > 0 ? [] : ['the array holds no change'];
	for (const [index, change] of changes.entries()) {
		const name = Array.isArray(value) ? `change ${index + 1}: ` : '';
		violations.push(...findViolations(change).map(({ message }) => name + message));
		if (violations.length > mostViolations) {
			violations.splice(mostViolations, Number.POSITIVE_INFINITY, 'and more: mend these first');
			break;
		}
	}
	if (violations.length > 0) throw new InvalidChangeError(violations);
	log.result(changes.length === 1 ? 'Valid: 1 change' : `Valid: ${changes.length} changes`);
	printResult({ outcome: 'valid', exit_code: exitCodes.ok, services: [] }, log);
	return exitCodes.ok;
}

function parse(bytes: Uint8Array, name: string): unknown {
	try {
		return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
	} catch (error) {
		throw new InvalidChangeError([`${name} is not JSON in UTF-8: ${error instanceof Error ? error.message : error}`]);
	}
}
