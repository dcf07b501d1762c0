import { readRegularFile, UnusableFile } from '../read-regular-file.ts';
import { ConfigurationError } from '../reported-error.ts';
import { quote } from '../text/visible-text.ts';

/**
 * Returns the content of the file that a command's argument names, or of stdin for `-`. Throws a ConfigurationError if
 * the file cannot be read or is larger than `largest` bytes.
 */
export async function readFileArgument(
	path: string,
	readStdin: () => Promise<Uint8Array>,
	largest: number,
): Promise<Uint8Array> {
	if (path === '-') return await readStdin();
	try {
		return readRegularFile(path, largest);
	} catch (error) {
		if (!(error instanceof UnusableFile)) throw error;
		throw new ConfigurationError([`${quote(path)} ${error.message}; a pipe can be read as -`]);
	}
}

/** Returns the argument in the words of a message. */
export function describeFileArgument(path: string): string {
	return path === '-' ? 'standard input' : quote(path);
}
