// Makes of the system of Node's image, copied into the folder given, the image's file system: less npm and yarn, Alpine's package manager and its
// libraries, plus a stripped Node and the program. It runs inside Node's image.
import { chmodSync, copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { addEntries, keepPackages } from './alpine-packages.ts';
import { removeUnneededLibraries } from './remove-unneeded-libraries.ts';
import { stripElf } from './strip-elf.ts';

const root = process.argv[2] ?? '';
const shellAndCertificates = [
	'alpine-baselayout',
	'alpine-baselayout-data',
	'alpine-release',
	'busybox',
	'busybox-binsh',
];
// What Node's image adds to Alpine without its package manager.
for (const folder of ['usr/local', 'opt', 'home/node', 'tmp', 'root', 'usr/src']) {
	rmSync(join(root, folder), { recursive: true, force: true });
}
for (const [folder, mode] of [
	['tmp', 0o1777],
	['root', 0o700],
] as const) {
	mkdirSync(join(root, folder));
	chmodSync(join(root, folder), mode);
}
keepPackages(root, [...shellAndCertificates, 'ca-certificates-bundle', 'musl']);

for (const folder of ['usr/lib', 'usr/local/bin', 'usr/local/lib']) mkdirSync(join(root, folder), { recursive: true });
for (const library of ['libstdc++.so.6', 'libgcc_s.so.1'])
	copyFileSync(`/usr/lib/${library}`, join(root, 'usr/lib', library));
addEntries(root, '/', ['libstdc++', 'libgcc']);

writeFileSync(join(root, 'usr/local/bin/node'), stripElf(readFileSync(process.execPath)), { mode: 0o755 });
cpSync('dist/image', join(root, 'usr/local/lib/alert24-notify'), { recursive: true });
symlinkSync('../lib/alert24-notify/launcher.js', join(root, 'usr/local/bin/alert24-notify'));
removeUnneededLibraries(root);
