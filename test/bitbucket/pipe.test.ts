import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { parse } from 'yaml';
import { type OptionName, optionDefinitions, variableOf } from '../../src/settings/options.ts';
import { version } from '../../src/version.ts';
import { isPipelinesPart, isPipeMetadata } from '../support/bitbucket-schemas.ts';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const readme = read('bitbucket/README.md');
const metadata = parse(read('bitbucket/pipe.yml'));
const snippetsOf = (markdown: string) => [...markdown.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, yaml = '']) => yaml);
const variablesOf = (pattern: RegExp, text: string) => [...text.matchAll(pattern)].map(([, name = '']) => name);

suite('pipe.yml', () => {
	test('is valid', () => {
		assert.ok(isPipeMetadata(metadata));
	});

	test('uses the image of this version', () => {
		assert.equal(metadata.image, `registry.gitlab.com/alert24/alert24-notify:${version}`);
	});

	test('passes the key and the exit code of the step without configuration', () => {
		assert.deepEqual(metadata.variables, [
			{ name: 'ALERT24_API_KEY', default: '$ALERT24_API_KEY' },
			{ name: 'BITBUCKET_EXIT_CODE', default: '$BITBUCKET_EXIT_CODE' },
		]);
		assert.deepEqual(variablesOf(/^\| (\w+) \(\*\*\) \|/gm, readme), ['ALERT24_API_KEY']);
	});
});

// These settings concern GitLab's API only.
const ofGitlab = ['assumed-status', 'lookup', 'services'];
const definitions = (optionDefinitions as readonly { name: OptionName; default?: string }[]).filter(
	({ name }) => !ofGitlab.includes(name),
);

suite("the pipe's README", () => {
	test('requires the exit code in an after-script, and lists it in each example of one', () => {
		assert.deepEqual(variablesOf(/^\| (\w+) \(\*\) \|/gm, readme), ['BITBUCKET_EXIT_CODE']);
		const listed = 'BITBUCKET_EXIT_CODE: $BITBUCKET_EXIT_CODE';
		assert.ok(readme.includes(`always list \`${listed}\``));
		for (const snippet of snippetsOf(readme)) {
			assert.equal(snippet.includes('after-script:'), snippet.includes(listed), snippet);
		}
	});

	test('has the headings that Bitbucket requires, in order', () => {
		const headings = [...readme.matchAll(/^##? (.+)$/gm)].map(([, heading]) => heading);
		assert.equal(headings[0], `Bitbucket Pipelines Pipe: ${metadata.name}`);
		const asked = ['YAML Definition', 'Variables', 'Prerequisites', 'Examples', 'Support', 'License'];
		assert.deepEqual(
			headings.filter((heading) => asked.includes(String(heading))),
			asked,
		);
	});

	test('lists each variable of the program once, in the snippet and in the table', () => {
		// Pipes call this variable DEBUG.
		const settings = definitions.map(({ name }) => (name === 'verbose' ? 'DEBUG' : variableOf(name)));
		const known = [
			...settings,
			'ALERT24_API_KEY',
			'ALERT24_API_KEY_FILE',
			'BITBUCKET_EXIT_CODE',
			'FAIL_ON_ERROR',
		].sort();
		const [definition = ''] = snippetsOf(readme);
		assert.deepEqual(variablesOf(/^ {4}(?:# )?([A-Z][A-Z0-9_]+): '<\w+>'/gm, definition).sort(), known);
		assert.deepEqual(variablesOf(/^\| ([A-Z][A-Z0-9_]+)(?: \(\*+\))? \|/gm, readme).sort(), known);
	});

	test('contains the defaults of the program', () => {
		for (const { name, default: value } of definitions) {
			if (!/^(\d+|true|false|text|auto|https:\S+)$/.test(value ?? '') || name === 'verbose') continue;
			const row = readme
				.split('\n')
				.find((line) => line.startsWith(`| ALERT24_${name.toUpperCase().replaceAll('-', '_')} `));
			assert.ok(row?.includes(`Default: \`${value}\``), `${name}: ${row}`);
		}
	});
});

suite('snippets for bitbucket-pipelines.yml', () => {
	for (const [where, markdown, least] of [
		['bitbucket/README.md', readme, 3],
		['docs/bitbucket.md', read('docs/bitbucket.md'), 4],
	] as const) {
		test(`in ${where} are valid and use this version`, () => {
			const snippets = snippetsOf(markdown);
			assert.ok(snippets.length >= least, `${snippets.length} snippets`);
			for (const snippet of snippets) {
				assert.ok(isPipelinesPart(parse(snippet)), snippet);
				for (const [, tag] of snippet.matchAll(/alert24-notify:([\w.-]+)/g)) assert.equal(tag, version);
				// The table lists each variable that a snippet sets.
				const set = variablesOf(/^ +([A-Z][A-Z0-9_]+):/gm, snippet);
				for (const name of set) assert.match(readme, new RegExp(`^\\| ${name}(?: \\(\\*+\\))? \\|`, 'm'));
			}
		});
	}

	test('are invalid if they contain a mistake', () => {
		const good = { pipe: 'alert24/alert24-notify:1.0.0', variables: { DEBUG: 'true', ALERT24_TAGS: ['a'] } };
		assert.ok(isPipelinesPart([good]));
		for (const bad of [
			{ ...good, pipe: 'alert24/alert24-notify' },
			{ ...good, pipe: 'alert24/alert24-notify:latest' },
			{ ...good, variables: { DEBUG: true } },
			{ ...good, variables: { ALERT24_TIMEOUT: 30 } },
			{ ...good, variable: {} },
		]) {
			assert.equal(isPipelinesPart([bad]), false, JSON.stringify(bad));
			assert.equal(isPipelinesPart([{ step: { script: ['./deploy.sh'], 'after-script': [bad] } }]), false);
		}
		assert.equal(isPipelinesPart([{ step: { script: ['./deploy.sh'], after_script: [good] } }]), false);
		assert.equal(isPipeMetadata({ ...metadata, image: 'alert24/alert24-notify:latest' }), false);
		assert.equal(isPipeMetadata({ ...metadata, respository: 'https://bitbucket.org/a/b' }), false);
	});
});
