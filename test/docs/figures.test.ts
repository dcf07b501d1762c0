import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { changeSchema } from '../../src/change/change-schema.ts';
import {
	attemptLimitMs,
	delayBeforeRetry,
	delayBeforeSecondLookup,
	retryPolicy,
} from '../../src/delivery/retry-policy.ts';
import { mostPages } from '../../src/gitlab-api/list-deployments.ts';
import { RelaySettingsReader } from '../../src/relay/relay-settings.ts';
import { type OptionDefinition, optionDefinitions } from '../../src/settings/options.ts';
import { readSettings } from '../../src/settings/settings.ts';
import { readInputs } from './components.ts';
import { readPage } from './pages.ts';

const seconds = (ms: number) => ms / 1000;
const minutes = (ms: number) => ms / 60_000;

/** Returns the number of a constant in a source file, such as `15 * 60_000`. */
function readConstant(path: string, name: string): number {
	const [, expression = ''] = new RegExp(`\\b${name}(?: =|:) ([\\d_ *]+)[;,]`).exec(readPage(path)) ?? [];
	assert.notEqual(expression, '', `${path}: ${name}`);
	return expression
		.replaceAll('_', '')
		.split('*')
		.reduce((product, factor) => product * Number(factor), 1);
}

/** Returns the numbers that a pattern captures in a file. */
function readNumbers(path: string, pattern: RegExp): number[] {
	return [...readPage(path).matchAll(pattern)].map(([, value = '']) => Number(value.replace(/[,_]/g, '')));
}

function readTimeoutMinutes(component: string): number {
	const [, jobs = {}] = parseAllDocuments(readPage(`templates/${component}.yml`)).map((document) => document.toJS());
	const timeouts = new Set(Object.values<{ timeout?: string } | null>(jobs).flatMap((job) => job?.timeout ?? []));
	assert.equal(timeouts.size, 1, component);
	return Number([...timeouts][0]?.replace(' minutes', ''));
}

const situation = { retryAfterMs: undefined, remainingMs: 10 ** 6, random: 1 };
const pauses = [1, 2, 3, 4, 5, 6].map((attempts) =>
	seconds(delayBeforeRetry({ ...situation, attempts }, retryPolicy) ?? 0),
);
const secondLookups = [0, 1].map((random) =>
	seconds(delayBeforeSecondLookup({ ...situation, random }, retryPolicy) ?? 0),
);
const budgets = ['notify', 'hook', 'sync', 'replay'].map((name) => Number(readInputs(name)['timeout']?.default));
const [notifyBudget = 0, hookBudget = 0, syncBudget = 0, replayBudget = 0] = budgets;
const { budgetMs } = readSettings({
	environment: {},
	options: {},
	command: 'record',
	spellVariable: (name) => name,
}).settings;
const artifactDays = ['notify', 'sync', 'replay'].flatMap((name) =>
	readNumbers(`templates/${name}.yml`, /expire_in: (\d+) days/g),
);
const lookupSource = 'src/commands/look-up-deployment.ts';
const relayLeaseMs =
	readConstant('src/relay/open-relay-delivery.ts', 'budgetMs') +
	readConstant('src/relay/relay-worker.ts', 'leaseMarginMs');

/**
 * The sentences with figures, by page. Each `#` stands for one of the numbers that follow, which come from the code.
 */
const sentences: readonly (readonly [page: string, sentence: string, ...numbers: readonly number[]])[] = [
	['README.md', 'Recording ends within # seconds by default', seconds(budgetMs)],
	['README.md', 'the job ends within `timeout` (# s)', notifyBudget],
	['README.md', 'an artifact of the job for # days', artifactDays[0] ?? 0],
	[
		'docs/gitlab.md',
		'without trailing line breaks, up to # characters',
		changeSchema.properties.commit_message.maxLength,
	],
	[
		'docs/gitlab.md',
		'the lookups take at most # s and half of `timeout`',
		seconds(readConstant(lookupSource, 'totalMs')),
	],
	['docs/gitlab.md', 'have a timeout of # minutes', readTimeoutMinutes('notify')],
	['docs/hook.md', 'ends within `timeout` (# s)', hookBudget],
	[
		'docs/sync.md',
		'in the last # hours, at most #',
		readNumbers('src/commands/sync.ts', /windowMs = (\d+) \* hourMs/g)[0] ?? 0,
		mostPages * 100,
	],
	[
		'docs/sync.md',
		'recorded more than # minutes after',
		minutes(readConstant('src/change/mark-recorded-late.ts', 'lateMs')),
	],
	['docs/delivery.md', 'after about #, #, #, #, #, # … s', ...pauses],
	['docs/delivery.md', 'takes at most `timeout` (# s)', seconds(budgetMs)],
	['docs/delivery.md', 'half of it, a later one # s', seconds(attemptLimitMs(2, 10 ** 6, retryPolicy))],
	['docs/delivery.md', 'set # and # s', syncBudget, replayBudget],
	['docs/delivery.md', '# minutes (`notify`) or # minutes', readTimeoutMinutes('notify'), readTimeoutMinutes('sync')],
	['docs/delivery.md', 'must lack the change twice, # to # s apart', ...secondLookups],
	['docs/delivery.md', 'as an artifact for # days', artifactDays[1] ?? 0],
	['docs/delivery.md', 'artifacts expire after # days', artifactDays[2] ?? 0],
	[
		'docs/delivery.md',
		'recorded more than # minutes after',
		minutes(readConstant('src/change/mark-recorded-late.ts', 'lateMs')),
	],
	['docs/image.md', 'rejects an image above # MB', (readNumbers('.gitlab-ci.yml', /-le (\d+) \]/g)[0] ?? 0) / 1e6],
	['docs/image.md', 'at most # MiB of memory', readNumbers('scripts/bench.ts', /, (\d+), 'MiB'\)/g)[0] ?? 0],
	['docs/relay.md', '413 above # MiB', readConstant('src/relay/webhook-server.ts', 'longestBody') / 1024 ** 2],
	['docs/relay.md', 'a pause of # s at most', seconds(readConstant('src/relay/sending-pause.ts', 'longestPauseMs'))],
	[
		'docs/relay.md',
		'recorded more than # minutes after',
		minutes(readConstant('src/relay/open-relay-delivery.ts', 'lateMs')),
	],
	['docs/relay.md', 'After # hours the log', minutes(readConstant('src/relay/relay-worker.ts', 'longestWaitMs')) / 60],
	['docs/relay.md', 'longer than its lease (# s)', seconds(relayLeaseMs)],
];

suite('the figures in the docs', () => {
	for (const [page, sentence, ...numbers] of sentences) {
		test(`are those of the code: ${page}: ${sentence}`, () => {
			const text = readPage(page).replace(/\s+/g, ' ');
			const escaped = sentence.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll('#', '([\\d,]+)');
			const [, ...found] = new RegExp(escaped).exec(text) ?? [];
			assert.deepEqual(
				found.map((number) => Number(number.replaceAll(',', ''))),
				numbers,
			);
		});
	}
});

suite('the documented defaults', () => {
	test('are those that the settings have', () => {
		const read = (variables: Readonly<Record<string, string>>) =>
			readSettings({ environment: variables, options: {}, command: 'record', spellVariable: (name) => name });
		const defaults = (optionDefinitions as readonly OptionDefinition[]).flatMap(({ name, default: preset = '' }) =>
			/^(\d+|true|false|[a-z]+(-[a-z0-9]+)*|https:\S+)$/.test(preset) && preset !== 'none'
				? [[`ALERT24_${name.toUpperCase().replaceAll('-', '_')}`, preset]]
				: [],
		);
		const given = Object.fromEntries(defaults);
		assert.ok(Object.keys(given).length >= 8, Object.keys(given).join());
		assert.deepEqual(read(given), read({}));
		assert.notDeepEqual(read({ ...given, ALERT24_TIMEOUT: '61' }), read({}));
	});

	test('of the relay are those of its settings', () => {
		const { listen, gitlabUrl, retentionMs } = new RelaySettingsReader({}).readAll();
		const cells = [...readPage('docs/relay.md').matchAll(/^\| `ALERT24_RELAY_(\w+)` \| .* \| `(.+)` \|$/gm)];
		assert.deepEqual(Object.fromEntries(cells.map(([, name = '', preset]) => [name, preset])), {
			LISTEN: `${listen.host}:${listen.port}`,
			GITLAB_URL: gitlabUrl,
			RETENTION: String(retentionMs / 86_400_000),
		});
	});
});
