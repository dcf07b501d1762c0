import { readFile, stat } from 'node:fs/promises';
import { findViolations } from './change/validate-change.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import type { Log } from './log.ts';
import { ConfigurationError, InvalidChangeError } from './reported-error.ts';
import { quote } from './visible-text.ts';

const largestFile = 16 * 1024 * 1024;

/**
 * Checks the change, or the array of changes, in a JSON file (`-`: stdin) against the schema. Throws a ConfigurationError for a file that
 * cannot be read, an InvalidChangeError with all that is wrong.
 */
export async function validateFile(path: string, readStdin: () => Promise<Uint8Array>, log: Log): Promise<ExitCode> {
	const bytes = path === '-' ? await readStdin() : await readBytes(path);
	const value = parse(bytes, path === '-' ? 'standard input' : quote(path));
	const changes = Array.isArray(value) ? value : [value];
	const violations = changes.flatMap((change, index) =>
		findViolations(change).map(({ message }) => (Array.isArray(value) ? `change ${index + 1}: ${message}` : message)),
	);
	if (violations.length > 0) throw new InvalidChangeError(violations);
	log.result(changes.length === 1 ? 'Valid: 1 change' : `Valid: ${changes.length} changes`);
	return exitCodes.ok;
}

async function readBytes(path: string): Promise<Uint8Array> {
	try {
		const { size } = await stat(path);
		if (size <= largestFile) return await readFile(path);
	} catch (error) {
		throw new ConfigurationError([`${quote(path)} cannot be read (${(error as NodeJS.ErrnoException).code})`]);
	}
	throw new ConfigurationError([`${quote(path)} is larger than ${largestFile} bytes: it holds no change`]);
}

function parse(bytes: Uint8Array, name: string): unknown {
	try {
		return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
	} catch (error) {
		throw new InvalidChangeError([`${name} is not JSON in UTF-8: ${error instanceof Error ? error.message : error}`]);
	}
}
