import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import manifest from '../package.json' with { type: 'json' };
import { findVersions, versionedFiles } from '../scripts/versions.ts';
import { type OptionDefinition, optionDefinitions, variableOf } from '../src/settings/options.ts';
import { findTable } from './support/markdown-table.ts';

const projectRoot = join(import.meta.dirname, '..');
const read = (path: string) => readFileSync(join(projectRoot, path), 'utf8');
const readme = read('README.md');
const templates = readdirSync(join(projectRoot, 'templates'));

suite('the README', () => {
	for (const template of templates) {
		const component = template.replace('.yml', '');
		test(`lists the inputs of the component ${component} as its template does`, () => {
			const [header] = parseAllDocuments(read(`templates/${template}`)).map((document) => document.toJS());
			const inputs: Record<string, { description: string; default?: unknown }> = header.spec.inputs;
			const expected = Object.entries(inputs).map(([name, input]) => [
				`\`${name}\``,
				input.description,
				describeDefault(input.default),
			]);
			assert.deepEqual(findTable(readme, `Inputs of the component \`${component}\``), expected);
		});
	}

	test('lists the variables as the options of the command', () => {
		const expected = optionDefinitions.map((option) => {
			const { description, default: preset = 'none' }: OptionDefinition = option;
			return [`\`${variableOf(option.name)}\``, description, preset];
		});
		const rows = findTable(readme, '## Variables').filter(([name]) => !name?.startsWith('`ALERT24_API_KEY'));
		assert.deepEqual(rows, expected);
	});

	test('mentions only ALERT24_ variables that exist', () => {
		const sources = ['src', 'templates'].flatMap((folder) =>
			readdirSync(join(projectRoot, folder), { recursive: true, withFileTypes: true })
				.filter((entry) => entry.isFile())
				.map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8')),
		);
		const inSources = sources.join('\n').match(/\bALERT24_[A-Z][A-Z_]*[A-Z]\b/g) ?? [];
		const known: readonly string[] = [...optionDefinitions.map(({ name }) => variableOf(name)), ...inSources];
		const named = new Set(Array.from(readme.matchAll(/\bALERT24_[A-Z][A-Z_]*[A-Z]\b/g), ([name]) => name));
		assert.deepEqual(
			[...named].filter((name) => !known.includes(name)),
			[],
		);
	});

	test('lists the exit codes as the source does', () => {
		const source = read('src/exit-codes.ts').matchAll(/\/\*\* (.*)\. \*\/\n\t\w+: (\d),/g);
		const expected = Array.from(source, ([, meaning, code]) => [code, meaning]);
		assert.deepEqual(findTable(readme, '## Exit codes'), expected);
	});
});

suite('the version', () => {
	const paths: readonly string[] = [...versionedFiles, ...templates.map((name) => `templates/${name}`)];
	for (const path of paths.filter((name) => existsSync(join(projectRoot, name)))) {
		test(`is that of package.json in ${path}`, () => {
			const versions = findVersions(path, read(path));
			const major = `${manifest.version.split('.')[0]}.x`;
			assert.notDeepEqual(versions, []);
			assert.deepEqual(
				versions.filter((version) => version !== manifest.version && version !== major),
				[],
			);
		});
	}
});

function describeDefault(value: unknown): string {
	if (value === undefined) return '**required**';
	if (value === '') return 'empty';
	return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
}
