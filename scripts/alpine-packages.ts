import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

// Alpine up to 3.22 and after: https://wiki.alpinelinux.org/wiki/Apk_spec#Installed_Database_V2
const databases = ['lib/apk/db/installed', 'usr/lib/apk/db/installed'];

/**
 * Removes from the Alpine system in `root` the files of all packages but those named, and from the list of installed packages their entries, so that
 * scanners see what is there. A system without such a list is left as it is.
 */
export function keepPackages(root: string, names: readonly string[]): void {
	const database = findDatabase(root);
	if (database === undefined) return;
	const entries = readEntries(database);
	const isKept = (entry: string) => names.includes(nameOf(entry));
	for (const path of entries.filter((entry) => !isKept(entry)).flatMap(listFiles)) {
		rmSync(join(root, path), { force: true });
	}
	rmSync(join(root, 'etc/apk'), { recursive: true, force: true });
	rmSync(dirname(database), { recursive: true });
	writeEntries(database, entries.filter(isKept));
}

/** Adds to the list of installed packages in `root` the entries that the system in `source` has for the packages named. */
export function addEntries(root: string, source: string, names: readonly string[]): void {
	const [database, others] = [findDatabase(root), findDatabase(source)];
	if (database === undefined || others === undefined) return;
	const added = readEntries(others).filter((entry) => names.includes(nameOf(entry)));
	writeEntries(database, [...readEntries(database), ...added]);
}

function findDatabase(root: string): string | undefined {
	return databases.map((path) => join(root, path)).find((path) => existsSync(path));
}

function readEntries(database: string): string[] {
	return readFileSync(database, 'utf8')
		.split('\n\n')
		.map((entry) => entry.trim())
		.filter((entry) => entry !== '');
}

function writeEntries(database: string, entries: readonly string[]): void {
	mkdirSync(dirname(database), { recursive: true });
	writeFileSync(database, entries.map((entry) => `${entry}\n\n`).join(''));
}

function nameOf(entry: string): string {
	return /^P:(.+)$/m.exec(entry)?.[1] ?? '';
}

// F: names a folder, each R: after it a file in it.
function listFiles(entry: string): string[] {
	let folder = '';
	const files: string[] = [];
	for (const line of entry.split('\n')) {
		if (line.startsWith('F:')) folder = line.slice(2);
		if (line.startsWith('R:')) files.push(join(folder, line.slice(2)));
	}
	return files;
}
