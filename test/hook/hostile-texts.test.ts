import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import fc from 'fast-check';
import { assertValidChange } from '../../src/change/validate-change.ts';
import { dryRun, hostileEnvironments, hostileKey } from '../support/hostile-environment.ts';
import { runHook, type Shell, shellNames } from '../support/run-hook.ts';
import { runInProcess } from '../support/run-in-process.ts';
import { Toolbox, type ToolboxKind, toolboxKinds, whyWithoutTools } from '../support/toolbox.ts';

describe('hostile texts', { concurrency: 3, skip: whyWithoutTools }, () => {
	for (const [index, shell] of shellNames.entries()) {
		const kind = toolboxKinds[index] as ToolboxKind;
		describe(`under ${shell}, with ${kind}, the hook`, { skip: whyWithoutTools }, () => {
			const toolbox = new Toolbox(kind);
			after(() => toolbox[Symbol.dispose]());

			it('gives the same valid change as the command, or refuses like it, whatever the variables hold', async () => {
				const property = fc.asyncProperty(hostileEnvironments, (variables) =>
					assertAgreement(variables, shell, toolbox),
				);
				await fc.assert(property, { numRuns: 30 });
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
						const variables = dryRun;
						const { stdout } = await runHook(variables, { shell, path: toolbox.path, before });
						assert.equal(JSON.parse(stdout).commit_message, message.toString());
					}),
					{ numRuns: 10 },
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
					{ ...dryRun, ...all, CI_ENVIRONMENT_NAME: characters.join(''), ALERT24_SERVICE_ID: `b,${ids.join('')}` },
					shell,
					toolbox,
				);
				await assertAgreement({ ...dryRun, ALERT24_TAGS: ids.slice(-40).join() }, shell, toolbox);
				for (const character of ['a b', 'a\tb', 'a\nb', 'a\u000bb', 'a\fb', 'a\rb', '/']) {
					await assertAgreement({ ...dryRun, ALERT24_SERVICE_ID: character }, shell, toolbox);
				}
			});

			it('sends no part of a secret that the cut of a field goes through', async () => {
				const token = 'token/of:the+job %and more~';
				for (const secret of [hostileKey, token, encodeURIComponent(token)]) {
					for (const form of [secret, Buffer.from(token).toString('base64')]) {
						const [short, long] = [240, 230].map((length) => `${'x'.repeat(length)}${form}…${form}`);
						const texts = {
							CI_COMMIT_BRANCH: short,
							CI_PROJECT_NAME: long,
							CI_COMMIT_TAG: long,
							GITLAB_USER_LOGIN: form,
						};
						const message = `${'é'.repeat(9_985)}${form}`;
						await assertAgreement(
							{ ...dryRun, ...texts, CI_COMMIT_MESSAGE: message, CI_JOB_TOKEN: token } as Record<string, string>,
							shell,
							toolbox,
						);
					}
				}
			});

			it('keeps to the limit where half a secret is shorter than what stands for it', async () => {
				const variables = { ...dryRun, CI_COMMIT_BRANCH: `${'x'.repeat(248)}${hostileKey}` };
				const { stdout } = await runHook(variables, { shell, path: toolbox.path });
				assert.equal(JSON.parse(stdout).branch, `${'x'.repeat(248)}[redac…`);
			});

			it('sends tags that differ in a secret alone as one', async () => {
				const tags = `a ${hostileKey},b,a ak_live_ABCDEFGHIJKLMNOPQRSTUVWXYZ012345`;
				await assertAgreement({ ...dryRun, ALERT24_TAGS: tags }, shell, toolbox);
			});

			it('takes values as long as the system lets a variable be', async () => {
				for (const long of ['é\n'.repeat(40_000), '\\"'.repeat(60_000), '\n'.repeat(120_000), '(!'.repeat(60_000)]) {
					await assertAgreement({ ...dryRun, CI_COMMIT_MESSAGE: long, CI_COMMIT_TAG: long }, shell, toolbox);
					await assertAgreement({ ...dryRun, ALERT24_DESCRIPTION: long }, shell, toolbox);
				}
			});
		});
	}
});

async function assertAgreement(
	variables: Readonly<Record<string, string>>,
	shell: Shell,
	{ path }: Toolbox,
): Promise<void> {
	const command = await runInProcess([], variables);
	const hook = await runHook(variables, { shell, path });
	assert.equal(hook.exitCode, 0);
	assert.ok(!`${hook.stdout}${hook.stderr}`.includes(hostileKey));
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
