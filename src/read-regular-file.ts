import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { quote } from './text/visible-text.ts';

/** Why a file cannot be used, as a sentence that follows its name. */
export class UnusableFile extends Error {
	override readonly name = 'UnusableFile';
}

/**
 * Reads a file of at most so many bytes. Throws an UnusableFile for one that is longer, cannot be read, or is no regular file: a pipe or device
 * may never end, and nothing could interrupt it.
 */
export function readRegularFile(path: string, mostBytes: number): Buffer {
	let file: number | undefined;
	try {
		// Opening a pipe would wait for its other end.
		file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
		const status = fstatSync(file);
		if (!status.isFile()) throw new UnusableFile('is not a regular file');
		if (status.size > mostBytes) throw new UnusableFile(`is larger than ${mostBytes} bytes`);
		return readFileSync(file);
	} catch (error) {
		if (error instanceof UnusableFile) throw error;
		throw new UnusableFile(`cannot be read (${describeFileError(error)})`);
	} finally {
		if (file !== undefined) closeSync(file);
	}
}

/** What node:fs has against a file: its code, such as ENOENT, else its words. */
export function describeFileError(error: unknown): string {
	const { code, message } = error as NodeJS.ErrnoException;
	return code ?? quote(message);
}
