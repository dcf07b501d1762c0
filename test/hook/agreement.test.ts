import assert from 'node:assert/strict';
import { after, suite, test } from 'node:test';
import fc from 'fast-check';
import { assertValidChange } from '../../src/change/validate-change.ts';
import { makeVisible } from '../../src/text/visible-text.ts';
import { dryRun, hostileEnvironments, hostileKey } from '../support/hostile-environment.ts';
import { runHook, type Shell, shellNames } from '../support/run-hook.ts';
import { runInProcess } from '../support/run-in-process.ts';
import { Toolbox, toolboxKinds, whyWithoutTools } from '../support/toolbox.ts';

// `npm run test:slow` sends each long text through each awk.
const awks = fc.readConfigureGlobal()?.numRuns === undefined ? 3 : 1;

suite('the change of the hook', { concurrency: 3, skip: whyWithoutTools }, () => {
	const toolboxes = toolboxKinds.map((kind) => new Toolbox(kind));
	after(() => {
		for (const toolbox of toolboxes) toolbox[Symbol.dispose]();
	});
	let turn = 0;

	/**
	 * Asserts that hook and command build the same change, if both accept the variables. Shells and awks take turns.
	 */
	async function assertAgreement(variables: Readonly<Record<string, string>>): Promise<void> {
		turn += 1;
		const shell = shellNames[turn % 3] as Shell;
		const path = String(toolboxes[Math.floor(turn / 3) % 3]?.path);
		const command = await runInProcess([], variables);
		const hook = await runHook(variables, { shell, path });
		assert.equal(hook.exitCode, 0);
		assert.ok(!`${hook.stdout}${hook.stderr}`.includes(hostileKey));
		if (command.stdout.startsWith('Not recorded: ')) {
			// The hook leaves marks of Unicode as they are, and truncates its quotes elsewhere.
			assert.equal(makeVisible(hook.stdout).slice(0, 200), makeVisible(command.stdout).slice(0, 200));
		} else if (command.exitCode === 0) {
			assert.equal(hook.stderr, '');
			const changes = hook.stdout
				.trimEnd()
				.split('\n')
				.map((line) => JSON.parse(line));
			assert.deepEqual(changes.length > 1 ? changes : changes[0], JSON.parse(command.stdout));
			for (const change of changes) assertValidChange(change);
		} else {
			assert.match(hook.stdout, /^($|\{|Not recorded: )/);
		}
	}

	test("equals the command's, whatever the variables contain", async () => {
		await fc.assert(fc.asyncProperty(hostileEnvironments, assertAgreement));
	});

	test('has an external id of its own for a summary and a type that are set by hand', async () => {
		for (const set of [
			{ ALERT24_SUMMARY: 'Migrate the basket é' },
			{ ALERT24_CHANGE_TYPE: 'database_migration' },
			{ ALERT24_CHANGE_TYPE: 'config_change', ALERT24_SUMMARY: 'x'.repeat(200), ALERT24_SERVICE_ID: 'a b,c' },
			{ ALERT24_EXTERNAL_ID: 'mine', ALERT24_SERVICE_ID: 'é:1,c', ALERT24_SUMMARY: 'y' },
			{ ALERT24_DEPLOY_JOB: 'deploy: [a]', CI_JOB_STATUS: 'failed', ALERT24_RECORD_FAILURES: '1' },
		]) {
			await assertAgreement({ ...dryRun, ...set });
		}
	});

	test('contains no password of a URL', async () => {
		const urls = {
			CI_PROJECT_URL: 'https://bob:s3cr3tpw@gitlab.com/shop/web-shop',
			CI_PIPELINE_URL: 'http://bob@x:s3cr3tpw@gitlab.com/p/1',
			CI_JOB_URL: 'https://bob:s3cr3tpw@gitlab.com/j/1?a@b',
		};
		const own = 'Fix\n\nSee merge request https://gitlab.com/shop/web-shop/-/merge_requests/12';
		for (const CI_COMMIT_MESSAGE of ['Fix (!12)', own]) {
			for (let awk = 0; awk < awks; awk += 1) {
				turn += 2;
				await assertAgreement({ ...dryRun, ...urls, CI_COMMIT_MESSAGE });
			}
			const { stdout } = await runHook(
				{ ...dryRun, ...urls, CI_COMMIT_MESSAGE },
				{ shell: 'dash', path: String(toolboxes[0]?.path) },
			);
			const change = JSON.parse(stdout);
			assert.equal(change.pr_url, 'https://gitlab.com/shop/web-shop/-/merge_requests/12');
			assert.doesNotMatch(stdout, /bob|s3cr3tpw/);
		}
	});

	test('contains no value of a variable that only looks like one of GitLab or the image', async () => {
		const values = {
			GITLAB_PAT: 'glpat-AbCdEfGhIjKlMnOpQrSt',
			CI_BOT: 'glpat-ZyXwVuTsRqPoNmLkJiHg',
			SIGNING_HOME: 'q9w8e7r6t5y4u3i2o1p0',
			RUNNER_REGISTRATION: 'GR1348941AbCdEfGhIjKlMnOpQr',
			JAVA_HOME: '/usr/lib/jvm/java-21-openjdk',
		};
		const texts = {
			CI_COMMIT_MESSAGE: Object.values(values).join(' and '),
			CI_COMMIT_BRANCH: `rotate-${values.CI_BOT}`,
		};
		for (let awk = 0; awk < awks; awk += 1) {
			turn += 2;
			await assertAgreement({ ...dryRun, ...values, ...texts });
		}
		const { stdout } = await runHook(
			{ ...dryRun, ...values, ...texts },
			{ shell: 'dash', path: String(toolboxes[0]?.path) },
		);
		const { commit_message, branch } = JSON.parse(stdout);
		assert.equal(commit_message, `${'[redacted] and '.repeat(4)}${values.JAVA_HOME}`);
		assert.equal(branch, 'rotate-[redacted]');
	});

	test('contains every ASCII character, alone and among others', async () => {
		const characters = Array.from({ length: 127 }, (_, index) => String.fromCharCode(index + 1));
		const ids = characters.filter((character) => !/[\s,/]/.test(character));
		const texts = {
			CI_COMMIT_MESSAGE: characters.join(''),
			ALERT24_DESCRIPTION: characters.join('x'),
			CI_PROJECT_NAME: characters.join('é'),
			CI_ENVIRONMENT_NAME: characters.join(''),
			ALERT24_SERVICE_ID: `b,${ids.join('')}`,
		};
		for (let awk = 0; awk < 3; awk += 1) {
			turn += 2;
			await assertAgreement({ ...dryRun, ...texts });
			await assertAgreement({ ...dryRun, ALERT24_TAGS: ids.slice(-40).join() });
		}
	});

	test('contains values as long as the system permits', async () => {
		for (const long of ['é\n'.repeat(40_000), '\\"'.repeat(60_000), '\n'.repeat(120_000), '(!'.repeat(60_000)]) {
			for (let awk = 0; awk < awks; awk += 1) {
				turn += 2;
				await assertAgreement({ ...dryRun, CI_COMMIT_MESSAGE: long, CI_COMMIT_TAG: long });
			}
		}
	});
});
