import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { suite, test } from 'node:test';
import manifest from '../package.json' with { type: 'json' };
import { buildReference } from '../scripts/build-reference.ts';
import { findVersions, listVersionedFiles } from '../scripts/versions.ts';
import { isSecretInText, variablePatterns } from '../src/ci/predefined-variables.ts';
import { optionDefinitions, variableOf } from '../src/settings/options.ts';

const projectRoot = join(import.meta.dirname, '..');
const read = (path: string) => readFileSync(join(projectRoot, path), 'utf8');
const ownVariable = /\bALERT24_[A-Z][A-Z0-9_]*[A-Z]\b/g;
const pages = ['README.md', 'CONTRIBUTING.md', 'bitbucket/README.md', ...listFiles('docs'), ...listFiles('examples')];

function listFiles(folder: string): string[] {
	if (!existsSync(join(projectRoot, folder))) return [];
	return readdirSync(join(projectRoot, folder), { recursive: true, withFileTypes: true })
		.filter((entry) => entry.isFile())
		.map((entry) => relative(projectRoot, join(entry.parentPath, entry.name)));
}

/** Returns the variables of the relay, which its reader names without their prefix, and those of files for secrets. */
function findRelayVariables(reader: string): string[] {
	const names = [...reader.matchAll(/(?:'|\$\{prefix\})([A-Z_]{4,})/g)].map(([, name = '']) => name);
	return names.flatMap((name) => [`ALERT24_RELAY_${name}`, `ALERT24_RELAY_${name}_FILE`]);
}

suite('the docs', () => {
	test('have a fresh reference (run npm run docs)', () => assert.equal(read('docs/reference.md'), buildReference()));

	test('name no variable of ours that does not exist', () => {
		const sources = [...listFiles('src'), ...listFiles('templates'), '.gitlab-ci.yml'];
		const known = new Set([
			...optionDefinitions.map(({ name }) => variableOf(name)),
			...sources.flatMap((path) => read(path).match(ownVariable) ?? []),
			...findRelayVariables(read('src/relay/relay-settings.ts')),
		]);
		for (const page of pages) {
			const unknown = [...new Set(read(page).match(ownVariable))].filter((name) => !known.has(name));
			assert.deepEqual(unknown, [], page);
		}
	});
});

test('no option and no input takes the API key, as SECURITY.md states', () => {
	const templates = listFiles('templates').map((path) => read(path).split('\n---\n')[0] ?? '');
	const inputs = templates.flatMap((header) => [...header.matchAll(/^ {4}(\w+):/gm)].map(([, name = '']) => name));
	const names = [...optionDefinitions.map(({ name }) => name), ...inputs];
	assert.ok(inputs.includes('service_id') && names.includes('service-id'));
	assert.deepEqual(
		names.filter((name) => /key|token|secret/.test(name)),
		[],
	);
});

test('SECURITY.md describes the values of variables that are redacted in a commit message', () => {
	const redaction =
		read('SECURITY.md')
			.split(/^## /m)
			.find((section) => section.startsWith('Redaction\n')) ?? '';
	const [, named, words = ''] = /^- (\d+) characters .* contains ([^-]+)/m.exec(redaction) ?? [];
	const [, long] = /^- (\d+) characters .* neither/m.exec(redaction) ?? [];
	assert.deepEqual(words.match(/[A-Z]+/g), variablePatterns.secret.match(/[A-Z]+/g));
	for (const [name, limit] of [
		['DEPLOY_TOKEN', Number(named)],
		['MY_NAME', Number(long)],
	] as const) {
		assert.deepEqual(
			[limit - 1, limit].map((length) => isSecretInText(name, 'x'.repeat(length))),
			[false, true],
			name,
		);
	}
});

suite('the version', () => {
	const files = listVersionedFiles(projectRoot);

	test('is in the templates, the pipe, the pages and the examples, which a release updates', () => {
		const folders = ['bitbucket', 'docs', 'examples', 'examples/relay', 'templates'];
		for (const folder of folders)
			assert.ok(
				files.some((path) => dirname(path) === folder),
				folder,
			);
		for (const path of ['package.json', 'package-lock.json', 'CHANGELOG.md', 'README.md', 'SECURITY.md']) {
			assert.ok(files.includes(path), path);
		}
	});

	for (const path of files) {
		test(`is that of package.json in ${path}`, () => {
			const known = [manifest.version, `${manifest.version.split('.')[0]}.x`];
			const others = findVersions(path, read(path)).filter((version) => !known.includes(version));
			assert.deepEqual(others, []);
		});
	}
});
