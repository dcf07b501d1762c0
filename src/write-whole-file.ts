import { randomUUID } from 'node:crypto';
import { closeSync, fchmodSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

const temporaryEnd = '.tmp';

/** Returns true for the name of a file that `writeWholeFile` did not finish, because the process was killed. */
export function isUnfinished(path: string): boolean {
	return path.endsWith(temporaryEnd);
}

/**
 * Writes a file whole or not at all: a reader, a crash or a power cut sees the old content or the new one. Every user
 * may read the file (mode 0644), because another user may collect the artifacts of a job. A symbolic link at the path
 * is replaced, not followed. Throws an error of node:fs.
 */
export function writeWholeFile(path: string, text: string): void {
	const temporary = `${path}.${randomUUID()}${temporaryEnd}`;
	try {
		const file = openSync(temporary, 'wx', 0o644);
		try {
			writeFileSync(file, text);
			fchmodSync(file, 0o644);
			fsyncSync(file);
		} finally {
			closeSync(file);
		}
		renameSync(temporary, path);
	} catch (error) {
		rmSync(temporary, { force: true });
		throw error;
	}
	syncFolder(dirname(path));
}

// The name of a file is durable once its folder is. Not every file system can do that, and Windows cannot.
function syncFolder(path: string): void {
	try {
		const folder = openSync(path, 'r');
		try {
			fsyncSync(folder);
		} finally {
			closeSync(folder);
		}
	} catch {
		// The content is safe from a crash of the process in any case.
	}
}
