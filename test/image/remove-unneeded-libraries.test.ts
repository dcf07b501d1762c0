import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
	copyFileSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readFileSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { readNeeded } from '../../scripts/elf.ts';
import { removeUnneededLibraries } from '../../scripts/remove-unneeded-libraries.ts';

const skip = process.platform !== 'linux' && 'this machine has no ELF programs';

describe('readNeeded', { skip }, () => {
	it('names the libraries that the dynamic linker finds for Node, and the linker', () => {
		const output = execFileSync('sh', ['-c', 'ldd "$0"', process.execPath], { encoding: 'utf8' });
		const found: readonly string[] = output.match(/[\w.+-]+\.so[\w.]*(?= \(| =>)/g) ?? [];
		const needed = readNeeded(readFileSync(process.execPath));
		assert.ok(needed.includes('libstdc++.so.6'));
		assert.deepEqual(
			needed.filter((name) => !found.includes(name)),
			[],
		);
	});
});

describe('removeUnneededLibraries', { skip }, () => {
	it('keeps the libraries of programs, theirs and what is loaded by name, and removes the others', (t) => {
		const root = mkdtempSync(join(tmpdir(), 'alert24-libraries-'));
		t.after(() => rmSync(root, { recursive: true }));
		for (const folder of ['bin', 'usr/lib/engines']) mkdirSync(join(root, folder), { recursive: true });
		symlinkSync('usr/lib', join(root, 'lib'));
		copyFileSync(process.execPath, join(root, 'bin/node'));
		const libraries = ['libstdc++.so.6.0.34', 'libdl.so.2', 'libnss_dns.so.2', 'libcrypto.so.3', 'engines/padlock.so'];
		for (const name of libraries) writeFileSync(join(root, 'usr/lib', name), name);
		symlinkSync('libstdc++.so.6.0.34', join(root, 'usr/lib/libstdc++.so.6'));
		writeFileSync(join(root, 'usr/lib/notes.txt'), 'no library');
		removeUnneededLibraries(root);
		const kept = [...libraries, 'libstdc++.so.6', 'notes.txt'].filter((name) =>
			existsSync(join(root, 'usr/lib', name)),
		);
		assert.deepEqual(kept, [...libraries.slice(0, 3), 'libstdc++.so.6', 'notes.txt']);
	});
});
