import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { delayBeforeRetry, delayBeforeSecondLookup, retryPolicy } from '../../src/delivery/retry-policy.ts';
import { mostPages } from '../../src/gitlab-api/list-deployments.ts';
import { readProxySettings } from '../../src/network/proxy.ts';
import { optionDefinitions } from '../../src/settings/options.ts';
import { listInclusions, readInputs } from './components.ts';
import { pages, parseYaml, readBlocks, readPage } from './pages.ts';

const optionDefault = (name: string) => {
	const definition = optionDefinitions.find((option) => option.name === name);
	assert.ok(definition !== undefined && 'default' in definition, name);
	return definition.default;
};
const templateText = readPage('templates/notify.yml');

/** Returns a page with its line breaks as spaces. */
const flow = (page: string) => readPage(page).replace(/\s+/g, ' ');

suite('the defaults in the docs', () => {
	test('are those of timeout', () => {
		assert.equal(readInputs('notify')['timeout']?.default, 60);
		assert.equal(optionDefault('timeout'), '60');
		assert.equal(readInputs('sync')['timeout']?.default, 120);
		assert.match(flow('README.md'), /Recording ends within 60 seconds by default/);
		assert.match(flow('docs/delivery.md'), /`sync` has 120 s/);
		const named = pages.flatMap((page) => [...flow(page).matchAll(/`timeout` \((\d+) s\)/g)]);
		assert.ok(named.length >= 3);
		for (const [text, seconds] of named) assert.equal(seconds, '60', text);
	});

	test('are those of the folder and of its artifact', () => {
		assert.equal(optionDefault('undelivered-dir'), 'alert24-undelivered');
		assert.match(templateText, /expire_in: 30 days/);
		for (const page of ['README.md', 'docs/delivery.md'])
			assert.match(flow(page), /artifact (of the job )?for 30 days/);
		assert.match(templateText, /^ {2}timeout: 5 minutes$/m);
		assert.match(flow('docs/gitlab.md'), /timeout of 5 minutes/);
	});

	test('are those of dedupe', () => {
		assert.equal(readInputs('notify')['dedupe']?.default, 'always');
		assert.equal(optionDefault('dedupe'), 'on-retry; always for replay');
		assert.match(readPage('docs/delivery.md'), /^\| `always` \| .* \| `notify`, `replay` \|$/m);
		assert.match(readPage('docs/delivery.md'), /^\| `on-retry` \| .* \| the command, the hook \|$/m);
	});

	test('are those of rules, in the quick start of the README', () => {
		const [quickStart, forTags] = readBlocks('README.md', 'yaml').map(({ text }) => text);
		const [inclusion] = listInclusions(parseYaml(quickStart ?? ''));
		assert.equal(quickStart?.trimEnd().split('\n').length, 8);
		assert.deepEqual(inclusion?.inputs?.['rules'], readInputs('notify')['rules']?.default);
		assert.deepEqual(parseYaml(forTags ?? ''), { rules: [{ if: '$CI_COMMIT_TAG' }] });
	});

	test('are those of the retries', () => {
		const delays = [1, 2, 3, 4, 5, 6].map((attempts) =>
			delayBeforeRetry({ attempts, retryAfterMs: undefined, remainingMs: 1e6, random: 1 }, retryPolicy),
		);
		assert.deepEqual(
			delays,
			[1, 2, 4, 8, 16, 16].map((seconds) => seconds * 1000),
		);
		assert.match(flow('docs/delivery.md'), /after about 1, 2, 4, 8, 16, 16 … s/);
		const proofs = [0, 1].map((random) => delayBeforeSecondLookup({ remainingMs: 1e6, random }, retryPolicy));
		assert.deepEqual(proofs, [10_000, 15_000]);
		assert.match(flow('docs/delivery.md'), /twice, 10 to 15 s apart/);
		assert.equal(retryPolicy.attemptMs, 10_000);
		assert.match(flow('docs/delivery.md'), /a later one 10 s/);
	});

	test('are those of sync', () => {
		assert.equal(mostPages * 100, 2000);
		assert.match(flow('docs/sync.md'), /at most 2,000/);
	});

	test('are the versions of Node that support proxies', () => {
		const supports = (version: string) => {
			const environment = { HTTPS_PROXY: 'http://proxy.example.com:3128' };
			return readProxySettings(environment, new URL('https://app.alert24.net'), version).problems.length === 0;
		};
		assert.deepEqual(['22.20.0', '22.21.0', '24.4.0', '24.5.0'].map(supports), [false, true, false, true]);
		for (const page of ['README.md', 'docs/image.md', 'docs/bitbucket.md']) assert.match(flow(page), /22\.21.*24\.5/);
	});
});
