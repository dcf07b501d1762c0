import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { quote } from './text/visible-text.ts';

/** The reason why a file cannot be used. The message is a sentence that follows the file's name. */
export class UnusableFile extends Error {
	override readonly name = 'UnusableFile';
}

/**
 * Reads a file of at most `mostBytes` bytes. Throws an UnusableFile if the file is larger, cannot be read, or is not a
 * regular file: a pipe or device may never end, and nothing could interrupt it.
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
		if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw new UnusableFile('does not exist');
		throw new UnusableFile(`cannot be read (${describeFileError(error)})`);
	} finally {
		if (file !== undefined) closeSync(file);
	}
}

/** Returns the code of an error of node:fs, such as EACCES, else its message. */
export function describeFileError(error: unknown): string {
	const { code, message } = error as NodeJS.ErrnoException;
	return code ?? quote(message);
}
