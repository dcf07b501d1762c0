import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import manifest from '../../package.json' with { type: 'json' };
import { oldestNode } from '../../scripts/bundle-options.ts';
import { readProxySettings } from '../../src/network/proxy.ts';
import { pages, readPage, root } from './pages.ts';

/**
 * The parts of GitLab's configuration that 17.0 has: components and inputs are generally available since then, and the
 * rest is older (docs.gitlab.com/17.1/ee/ci/yaml/inputs.html, docs.gitlab.com/17.1/ee/ci/components,
 * docs.gitlab.com/17.1/ee/ci/yaml).
 */
const gitlab = {
	version: '17.0',
	header: ['spec'],
	spec: ['inputs'],
	input: ['default', 'description', 'options', 'regex', 'type'],
	types: ['array', 'boolean', 'number', 'string'],
	job: [
		'after_script',
		'allow_failure',
		'artifacts',
		'before_script',
		'cache',
		'environment',
		'extends',
		'image',
		'interruptible',
		'needs',
		'resource_group',
		'retry',
		'rules',
		'script',
		'services',
		'stage',
		'tags',
		'timeout',
		'variables',
		'when',
	],
	artifacts: ['expire_in', 'paths', 'reports', 'when'],
	reports: ['dotenv'],
	environment: ['action', 'name'],
};

type Mapping = Readonly<Record<string, unknown>>;
const components = readdirSync(join(root, 'templates')).map((name) => {
	const text = readPage(`templates/${name}`);
	const [header = {}, jobs = {}] = parseAllDocuments(text).map((document): Mapping => document.toJS());
	return { text, header, jobs: Object.values(jobs) as Mapping[] };
});
const inputs = components.flatMap(({ header }) => {
	const { inputs: declared } = header['spec'] as { inputs: Readonly<Record<string, Mapping | null>> };
	return Object.values(declared).map((input) => input ?? {});
});
const jobs = components.flatMap((component) => component.jobs);
const keysOf = (values: readonly unknown[]) => [...new Set(values.flatMap((value) => Object.keys(value ?? {})))];
const assertKnown = (names: readonly string[], known: readonly string[]) =>
	assert.deepEqual(
		names.filter((name) => !known.includes(name)),
		[],
	);

/** Returns the cell of a row in the table "Requirements" of the README. */
function readRequirement(name: string): string {
	const [, cell = ''] = readPage('README.md').split('## Requirements')[1]?.match(`\\| ${name} \\| (.*) \\|`) ?? [];
	assert.notEqual(cell, '', name);
	return cell;
}

/** Returns what a pattern captures on each page, without the history. */
function findOnPages(pattern: RegExp): string[] {
	return pages
		.filter((page) => page !== 'CHANGELOG.md')
		.flatMap((page) => [...readPage(page).matchAll(pattern)].map(([, version = '']) => version));
}

suite('the minimum version', () => {
	test('of GitLab has everything that the components use', () => {
		assert.match(readRequirement('GitLab'), new RegExp(`self-managed ${gitlab.version};`));
		assertKnown(keysOf(components.map(({ header }) => header)), gitlab.header);
		assertKnown(keysOf(components.map(({ header }) => header['spec'])), gitlab.spec);
		assertKnown(keysOf(inputs), gitlab.input);
		assertKnown(
			inputs.map(({ type = 'string' }) => String(type)),
			gitlab.types,
		);
		assertKnown(keysOf(jobs), gitlab.job);
		const artifacts = jobs.map((job) => job['artifacts'] as Mapping | undefined);
		assertKnown(keysOf(artifacts), gitlab.artifacts);
		assertKnown(keysOf(artifacts.map((one) => one?.['reports'])), gitlab.reports);
		assertKnown(keysOf(jobs.map((job) => job['environment'])), gitlab.environment);
		// Functions in an interpolation, and `component.version`, are newer.
		for (const { text } of components) {
			const interpolations = text.replace(/^\s*#.*$/gm, '').match(/\$\[\[.*?\]\]/g) ?? [];
			assert.ok(interpolations.length > 0);
			for (const one of interpolations) assert.match(one, /^\$\[\[ inputs\.\w+ \]\]$/);
		}
	});

	test('of GitLab and its runner is the same on each page', () => {
		const [runner = ''] = readRequirement('GitLab Runner').match(/^\d+\.\d+/) ?? [];
		assert.deepEqual(
			[...new Set(findOnPages(/Runner (?:before )?(\d+\.\d+)/g))],
			[runner],
			'GitLab Runner runs the after_script of a canceled job since 17.0, with its CI_JOB_STATUS (gitlab-runner!4717)',
		);
		assert.deepEqual(findOnPages(/components need GitLab (\d+\.\d+)/g), [gitlab.version]);
	});

	test('of Node for the file is that of the bundle, and of Node behind a proxy that of its agent', () => {
		const [, file = '', ...proxy] =
			/; ([\d.]+) for `alert24-notify\.js`, ([\d.]+) or ([\d.]+) behind a proxy$/.exec(readRequirement('Node')) ?? [];
		assert.equal(file, oldestNode);
		const mentions = findOnPages(/Node\s+(22(?:\.\d+)?)\b/g);
		assert.ok(mentions.length >= 3);
		assert.deepEqual([...new Set(mentions)], [oldestNode]);
		const isAccepted = (version: string) => {
			const url = new URL('https://app.alert24.net');
			return readProxySettings({ HTTPS_PROXY: 'http://proxy.example.com' }, url, version).problems.length === 0;
		};
		for (const version of proxy) {
			const [major = 0, minor = 0] = version.split('.').map(Number);
			assert.deepEqual([isAccepted(`${major}.${minor}.0`), isAccepted(`${major}.${minor - 1}.9`)], [true, false]);
		}
		const [, limit = ''] = /`(Node [\d.]+ ignores .*)`/.exec(readPage('docs/image.md')) ?? [];
		const [, version = ''] = limit.split(' ');
		const settings = readProxySettings({ HTTPS_PROXY: 'proxy' }, new URL('https://app.alert24.net'), version);
		assert.ok(limit !== '' && settings.problems[0]?.startsWith(`${limit}: `), limit);
	});

	test('of Node for a developer is that of package.json', () => {
		const [, engine = ''] = /^>=(\d+)$/.exec(manifest.engines.node) ?? [];
		assert.deepEqual(findOnPages(/need Node (\d+) or newer, npm/g), [engine, engine]);
	});
});
