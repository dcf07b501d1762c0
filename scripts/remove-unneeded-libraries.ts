import { type Dirent, existsSync, readdirSync, readFileSync, readlinkSync, realpathSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { isElf, readNeeded } from './elf.ts';

const folders = ['bin', 'sbin', 'lib', 'lib64', 'usr/bin', 'usr/sbin', 'usr/lib', 'usr/local/bin'];
const isLibrary = (name: string) => /\.so(\.|$)/.test(name);
// The C library loads these by name when a host name is looked up.
const isLoadedByName = (name: string) => /^lib(nss_|resolv\.)/.test(name);

/** Removes from the system in `root` the shared libraries that no program in it asks for, neither itself nor by another library. */
export function removeUnneededLibraries(root: string): void {
	const files = folders.flatMap((folder) => listFiles(root, folder));
	const needs = new Map<string, string[]>();
	for (const file of files) needs.set(file.name, [...(needs.get(file.name) ?? []), ...findNeeds(file)]);
	const kept = new Set([...needs.keys()].filter((name) => !isLibrary(name) || isLoadedByName(name)));
	// Grows while it is gone through.
	for (const name of kept) for (const library of needs.get(name) ?? []) kept.add(library);
	for (const { name, parentPath } of files) if (!kept.has(name)) rmSync(join(parentPath, name), { force: true });
}

function findNeeds(entry: Dirent): string[] {
	const path = join(entry.parentPath, entry.name);
	if (entry.isSymbolicLink()) return [basename(readlinkSync(path))];
	const content = readFileSync(path);
	return isElf(content) ? readNeeded(content) : [];
}

// Where `lib` is a link to `usr/lib`, its files come twice. One that leads out of `root` is not followed.
function listFiles(root: string, folder: string): Dirent[] {
	const path = join(root, folder);
	if (!existsSync(path) || !realpathSync(path).startsWith(realpathSync(root))) return [];
	const entries = readdirSync(path, { recursive: true, withFileTypes: true });
	return entries.filter((entry) => entry.isFile() || entry.isSymbolicLink());
}
