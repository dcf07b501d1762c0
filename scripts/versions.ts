import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const number = String.raw`\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?`;

// The places of the version, by file. `others` applies to every file without an own entry.
const places: Readonly<Record<string, readonly RegExp[]>> = {
	'package.json': [/(?<=^\t"version": ")[^"]+/m],
	'package-lock.json': [/(?<=^\t"version": ")[^"]+/m, /(?<=^\t\t"": \{[^}]*?\n\t\t\t"version": ")[^"]+/m],
	'CHANGELOG.md': [new RegExp(String.raw`(?<=^## \[)${number}(?=\] - )`, 'm')],
	others: [
		// The image, the pipe, the address of a release, the user agent; a component's full version, the tag in a
		// signature.
		new RegExp(`(?<=alert24-notify(?:[:/]|/-/releases/|/[a-z]+@)|refs/tags/|image_tag: )${number}`, 'g'),
		new RegExp(`(?<=")${number}(?=" # version$)`, 'gm'),
		new RegExp(String.raw`(?<=^\| \`image_tag\` .*\`)${number}(?=\`)`, 'gm'),
	],
};
const majors = /(?<=alert24-notify\/(?:notify|hook|sync|replay)@)\d+(?![\d.])/g;

/** Returns the files in git, except tests, that contain the version or the major version of this project. */
export function listVersionedFiles(root: string): string[] {
	const files = execFileSync('git', ['ls-files'], { cwd: root, encoding: 'utf8' }).trimEnd().split('\n');
	return files
		.filter((path) => !path.startsWith('test/'))
		.filter((path) => findVersions(path, readFileSync(join(root, path), 'utf8')).length > 0);
}

/** Returns every version of this project in a file's text, and the major versions of its components, such as `1.x`. */
export function findVersions(path: string, text: string): string[] {
	const found = (places[path] ?? places['others'] ?? []).flatMap((pattern) => text.match(pattern) ?? []);
	return [...found, ...Array.from(text.matchAll(majors), ([major]) => `${major}.x`)];
}

/**
 * Returns the text with another version in those places. The changelog gets a heading for it, above the notes of
 * `Unreleased`. Throws an Error if there are none.
 */
export function setVersion(path: string, text: string, version: string, date: string): string {
	if (path === 'CHANGELOG.md') return addRelease(text, version, date);
	const patterns = places[path] ?? places['others'] ?? [];
	const replaced = patterns.reduce((result, pattern) => result.replace(pattern, version), text);
	return replaced.replace(majors, version.split('.')[0] ?? '');
}

function addRelease(text: string, version: string, date: string): string {
	if (readNotes(text, 'Unreleased') === '') {
		throw new Error('CHANGELOG.md has nothing under "Unreleased": describe the changes for users there');
	}
	return text.replace('## [Unreleased]\n', `## [Unreleased]\n\n## [${version}] - ${date}\n`);
}

/** Returns the changelog's notes of a version, or of `Unreleased`; '' if it has none. */
export function readNotes(changelog: string, version: string): string {
	const sections = changelog.split(/^## /m);
	const section = sections.find((text) => text.startsWith(`[${version}]`)) ?? '';
	return section.replace(/^.*\n/, '').trim();
}

/**
 * Returns true if one version comes after another (https://semver.org/#spec-item-11). Throws an Error if a version is
 * invalid.
 */
export function isLater(version: string, than: string): boolean {
	const [a, b] = [readVersion(version), readVersion(than)];
	for (let index = 0; index < 3; index++) {
		const difference = (a.numbers[index] ?? 0) - (b.numbers[index] ?? 0);
		if (difference !== 0) return difference > 0;
	}
	if (a.preRelease === undefined || b.preRelease === undefined)
		return a.preRelease === undefined && b.preRelease !== undefined;
	return a.preRelease.localeCompare(b.preRelease, 'en', { numeric: true }) > 0;
}

function readVersion(version: string): { numbers: number[]; preRelease: string | undefined } {
	const pattern = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?$/;
	const match = pattern.exec(version);
	if (match === null)
		throw new Error(`"${version}" is not a version such as 1.2.3 (without "v", with all three numbers)`);
	return { numbers: match.slice(1, 4).map(Number), preRelease: match[4] };
}
