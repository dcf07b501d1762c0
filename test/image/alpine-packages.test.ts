import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { addEntries, keepPackages } from '../../scripts/alpine-packages.ts';

const musl = 'C:Q1abc=\nP:musl\nV:1.2.5-r21\nF:lib\nR:ld-musl-x86_64.so.1\na:0:0:755\nZ:Q1def=';
const apk = 'P:apk-tools\nV:3.0.1-r0\nF:etc\nF:sbin\nR:apk\na:0:0:755\nF:usr\nF:usr/share/apk\nR:keys\nR:notes';
const libgcc = 'P:libgcc\nV:15.2.0-r2\nF:usr/lib\nR:libgcc_s.so.1';

function makeSystem(t: TestContext, database: string, files: Readonly<Record<string, string>>): string {
	const root = mkdtempSync(join(tmpdir(), 'alert24-alpine-'));
	t.after(() => rmSync(root, { recursive: true }));
	for (const [path, content] of Object.entries({ ...files, [database]: files[database] ?? '' })) {
		mkdirSync(join(root, dirname(path)), { recursive: true });
		writeFileSync(join(root, path), content);
	}
	return root;
}

describe('keepPackages', () => {
	for (const database of ['lib/apk/db/installed', 'usr/lib/apk/db/installed']) {
		it(`removes the other packages from the system and from ${database}`, (t) => {
			const others = [
				'lib/ld-musl-x86_64.so.1',
				'sbin/apk',
				'usr/share/apk/keys',
				'usr/share/apk/notes',
				'etc/apk/arch',
				'bin/sh',
			];
			const files = Object.fromEntries(others.map((path) => [path, path]));
			const root = makeSystem(t, database, { ...files, [database]: `${musl}\n\n${apk}\n\n` });
			keepPackages(root, ['musl']);
			assert.equal(readFileSync(join(root, database), 'utf8'), `${musl}\n\n`);
			assert.deepEqual(
				others.filter((path) => existsSync(join(root, path))),
				['lib/ld-musl-x86_64.so.1', 'bin/sh'],
			);
		});
	}
});

describe('addEntries', () => {
	it('adds what another system tells of the packages named', (t) => {
		const database = 'lib/apk/db/installed';
		const root = makeSystem(t, database, { [database]: `${musl}\n\n` });
		const source = makeSystem(t, `usr/${database}`, { [`usr/${database}`]: `${apk}\n\n${libgcc}\n\n` });
		addEntries(root, source, ['libgcc']);
		assert.equal(readFileSync(join(root, database), 'utf8'), `${musl}\n\n${libgcc}\n\n`);
	});

	it('does nothing where a system has no list of packages', (t) => {
		const root = makeSystem(t, 'etc/os-release', {});
		keepPackages(root, ['musl']);
		addEntries(root, root, ['musl']);
		assert.ok(existsSync(join(root, 'etc/os-release')));
	});
});
