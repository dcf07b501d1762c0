import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import fc from 'fast-check';
import { assertValidChange } from '../../src/change/validate-change.ts';
import { hostileText } from '../support/hostile-text.ts';
import { runHook, type Shell, shellNames } from '../support/run-hook.ts';
import { gitlabJob, runInProcess } from '../support/run-in-process.ts';
import { Toolbox, type ToolboxKind, toolboxKinds } from '../support/toolbox.ts';

const key = 'ak_live_0123456789abcdefghijABCDEFGHIJ01';
const dryRun = { ...gitlabJob, ALERT24_API_KEY: key, ALERT24_DRY_RUN: 'true', ALERT24_LOOKUP: 'off' };
const path = gitlabJob.CI_PROJECT_PATH;

const pieces = [
	...[
		'See merge request !12',
		`\nSee merge request ${path}!007\r\n`,
		`\nSee merge request other/${path}!9`,
		` (${path}!33)`,
	],
	...[`\nSee merge request ${gitlabJob.CI_PROJECT_URL}/-/merge_requests/5\u2003`, '(!1)', '(!2)\u00a0', '(!3', '!4)'],
	...[
		'production',
		'review/x',
		',',
		':',
		'%',
		'%3A',
		'/',
		'\\',
		'"',
		"'",
		'`id`',
		'$HOME',
		'${X}',
		'$(id)',
		'*',
		'-n',
		'\\u0041',
	],
	...[
		' ',
		'\t',
		'\n',
		'\r',
		'\u000b',
		'\u001b[31m',
		'\u007f',
		'\u0085',
		'\u2028',
		'\u202e',
		'\ufeff',
		'\u3000',
		'\u1680',
	],
	...[
		'é',
		'🚀',
		'👩‍💻',
		'\ud800',
		'https://example.com/a',
		'true',
		'failed',
		'success',
		'low',
		'auto',
		'0',
		'7',
		key,
		hostileText,
	],
	...['é'.repeat(254), '🚀'.repeat(5000), 'a\n'.repeat(5000), '\\"'.repeat(600), 'x'.repeat(254), 'v'.repeat(50_000)],
];
const anyText = fc.string({ unit: 'binary', maxLength: 12 }).map((text) => text.replaceAll('\0', ''));
const text = fc.array(fc.oneof(fc.constantFrom(...pieces), anyText), { maxLength: 5 }).map((parts) => parts.join(''));
// Values that are mostly right, so that not every environment is refused.
const settings = {
	ALERT24_CHANGE_TYPE: fc.constantFrom('', 'auto', 'rollback', 'rollbacks', 'other'),
	ALERT24_RISK_LEVEL: fc.constantFrom('', 'low', 'low high', 'critical'),
	ALERT24_RECORD_FAILURES: fc.constantFrom('true', 'YES', '1', '0', 'maybe'),
	CI_JOB_STATUS: fc.constantFrom('', 'success', 'failed', 'canceled', 'timedout', 'running', 'odd'),
	CI_MERGE_REQUEST_IID: fc.constantFrom('', '12', '0', '123456789012345678901'),
	CI_ENVIRONMENT_ACTION: fc.constantFrom('', 'start', 'start', 'stop'),
};
const texts = [
	...[
		'ALERT24_SUMMARY',
		'ALERT24_DESCRIPTION',
		'ALERT24_TAGS',
		'ALERT24_CHANGED_BY',
		'ALERT24_EXTERNAL_ID',
		'ALERT24_SOURCE',
	],
	...[
		'ALERT24_SERVICE_ID',
		'ALERT24_ENVIRONMENT',
		'ALERT24_DEPLOY_JOB',
		'CI_ENVIRONMENT_NAME',
		'CI_COMMIT_MESSAGE',
		'CI_COMMIT_TAG',
	],
	...['CI_COMMIT_BRANCH', 'CI_PROJECT_NAME', 'CI_COMMIT_SHORT_SHA', 'CI_COMMIT_SHA', 'CI_PIPELINE_URL', 'CI_JOB_URL'],
	...[
		'CI_JOB_STARTED_AT',
		'GITLAB_USER_LOGIN',
		'CI_PROJECT_URL',
		'CI_SERVER_FQDN',
		'CI_JOB_ID',
		'CI_MERGE_REQUEST_PROJECT_URL',
	],
];
const environments = fc
	.tuple(fc.record(settings, { requiredKeys: [] }), fc.dictionary(fc.constantFrom(...texts), text, { maxKeys: 4 }))
	.map(([set, given]) => ({ ...dryRun, CI_ENVIRONMENT_NAME: 'production', ...set, ...given }));

for (const [index, shell] of shellNames.entries()) {
	const kind = toolboxKinds[index] as ToolboxKind;
	describe(`under ${shell}, with ${kind}, the hook`, () => {
		const toolbox = new Toolbox(kind);
		after(() => toolbox[Symbol.dispose]());

		it('gives the same valid change as the command, or refuses like it, whatever the variables hold', async () => {
			const property = fc.asyncProperty(environments, (variables) => assertAgreement(variables, shell, toolbox));
			await fc.assert(property, { numRuns: 50 });
		});

		it('gives U+FFFD for each part that is not UTF-8, as the command does', async () => {
			const bytes = fc.array(
				fc.oneof(fc.integer({ min: 1, max: 255 }), fc.constantFrom(0xe2, 0x82, 0xf0, 0x9f, 0xed, 0xa0)),
				{ maxLength: 40 },
			);
			await fc.assert(
				fc.asyncProperty(bytes, async (list) => {
					const message = Buffer.from([65, ...list, 66]);
					const octal = [...message].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');
					const before = `CI_COMMIT_MESSAGE=$(printf '${octal}') && export CI_COMMIT_MESSAGE`;
					const variables = { ...dryRun, CI_ENVIRONMENT_NAME: 'production' };
					const { stdout } = await runHook(variables, { shell, path: toolbox.path, before });
					assert.equal(JSON.parse(stdout).commit_message, message.toString());
				}),
				{ numRuns: 20 },
			);
		});

		it('sends every ASCII character, alone and among others', async () => {
			const characters = Array.from({ length: 127 }, (_, index) => String.fromCharCode(index + 1));
			const ids = characters.filter((character) => !/[\s,/]/.test(character));
			const all = {
				CI_COMMIT_MESSAGE: characters.join(''),
				ALERT24_DESCRIPTION: characters.join('x'),
				CI_PROJECT_NAME: characters.join('é'),
			};
			await assertAgreement(
				{ ...dryRun, ...all, CI_ENVIRONMENT_NAME: characters.join(''), ALERT24_SERVICE_ID: ids.join() },
				shell,
				toolbox,
			);
			await assertAgreement(
				{ ...dryRun, CI_ENVIRONMENT_NAME: 'production', ALERT24_TAGS: ids.slice(-40).join() },
				shell,
				toolbox,
			);
			for (const character of ['a b', 'a\tb', 'a\nb', 'a\u000bb', 'a\fb', 'a\rb', '/']) {
				await assertAgreement(
					{ ...dryRun, CI_ENVIRONMENT_NAME: 'production', ALERT24_SERVICE_ID: character },
					shell,
					toolbox,
				);
			}
		});

		it('takes values as long as the system lets a variable be', async () => {
			for (const long of ['é\n'.repeat(40_000), '\\"'.repeat(60_000), '\n'.repeat(120_000), '(!'.repeat(60_000)]) {
				await assertAgreement(
					{ ...dryRun, CI_ENVIRONMENT_NAME: 'production', CI_COMMIT_MESSAGE: long, CI_COMMIT_TAG: long },
					shell,
					toolbox,
				);
				await assertAgreement(
					{ ...dryRun, CI_ENVIRONMENT_NAME: 'production', ALERT24_DESCRIPTION: long },
					shell,
					toolbox,
				);
			}
		});
	});
}

async function assertAgreement(
	variables: Readonly<Record<string, string>>,
	shell: Shell,
	{ path }: Toolbox,
): Promise<void> {
	const command = await runInProcess([], variables);
	const hook = await runHook(variables, { shell, path });
	assert.equal(hook.exitCode, 0);
	assert.ok(!`${hook.stdout}${hook.stderr}`.includes(key));
	if (command.exitCode !== 0) {
		assert.equal(hook.stdout, '', command.stderr);
		assert.match(hook.stderr, /^alert24-notify: could not record the deployment because [^\n]+\n$/);
	} else if (command.stdout.startsWith('Not recorded: ')) {
		assert.match(hook.stdout, /^Not recorded: [^\n]+\n$/);
	} else {
		assert.equal(hook.stderr, '');
		const changes = JSON.parse(hook.stdout);
		assert.deepEqual(changes, JSON.parse(command.stdout));
		for (const change of Array.isArray(changes) ? changes : [changes]) assertValidChange(change);
	}
}
