import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, suite, test } from 'node:test';
import { isBitbucketPipe, openBitbucketPipe } from '../../src/commands/bitbucket-pipe.ts';
import { optionDefinitions, variableOf } from '../../src/settings/options.ts';
import type { Fault } from '../../stand-in/alert24-faults.ts';
import { type Alert24StandIn, startAlert24 } from '../../stand-in/alert24-stand-in.ts';
import { bitbucketStep } from '../support/bitbucket-step.ts';
import { GitRepository } from '../support/git-repository.ts';
import { type ProgramRun, runProgram } from '../support/run-program.ts';

// Ends the delivery at once, on a machine of any speed.
const undelivered: Fault = { kind: 'status', status: 429, headers: { 'Retry-After': '3600' } };
const success = (text: string) => `\u001b[32m✔ ${text}\u001b[0m\n`;

suite('a pipe', () => {
	let alert24: Alert24StandIn;
	let directory: string;
	let storage: string;
	beforeEach(async () => {
		alert24 = await startAlert24();
		directory = mkdtempSync(join(tmpdir(), 'alert24-pipe-'));
		storage = join(directory, 'storage');
		mkdirSync(storage);
	});
	afterEach(async () => {
		await alert24.close();
		rmSync(directory, { recursive: true });
	});

	function runPipe(variables: Readonly<Record<string, string>>): Promise<ProgramRun> {
		const settings = { ALERT24_API_KEY: alert24.apiKey, API_URL: alert24.url, BITBUCKET_EXIT_CODE: '0' };
		return runProgram(
			[],
			{ ...bitbucketStep, BITBUCKET_PIPE_STORAGE_DIR: storage, ...settings, ...variables },
			{ cwd: directory },
		);
	}

	test('prints the recorded change on stdout with a check mark', async () => {
		const { exitCode, stdout, stderr } = await runPipe({ SERVICE_ID: 'svc_web' });
		const id = alert24.changes.at(-1)?.id;
		const change = `Deployed web-shop @ c1f7a9e0 in "production" for service "svc_web" (change ${id})`;
		assert.deepEqual([exitCode, stdout, stderr], [0, success(`Recorded: ${change}`), '']);
	});

	test('warns if the exit code of the script is empty, because a failure would count as a success', async () => {
		const warning = /^INFO: BITBUCKET_EXIT_CODE is empty, so the deployment counts as succeeded; /m;
		assert.match((await runPipe({ BITBUCKET_EXIT_CODE: '' })).stdout, warning);
		assert.doesNotMatch((await runPipe({ BITBUCKET_EXIT_CODE: '0' })).stdout, warning);
		assert.doesNotMatch((await runPipe({ STATUS: 'success' })).stdout, warning);
	});

	test('explains each step by DEBUG, without the key', async () => {
		const { exitCode, stdout, stderr } = await runPipe({ DEBUG: 'true' });
		assert.deepEqual([exitCode, stderr], [0, '']);
		assert.match(stdout, /^DEBUG: attempt 1: answered 201/m);
		assert.ok(!stdout.includes(alert24.apiKey));
	});

	test('reports all mistakes of its configuration under the names that the user set, and fails', async () => {
		const { exitCode, stdout, stderr } = await runPipe({
			BITBUCKET_DEPLOYMENT_ENVIRONMENT: '',
			ALERT24_API_KEY: '',
			SERVICE_ID: 'a/b',
			TAGS_COUNT: '1',
			TAGS_0: 'x'.repeat(300),
			DEBUG: 'maybe',
			ALERT24_TIMEOUT: 'soon',
			FAIL_ON_ERROR: 'perhaps',
		});
		assert.deepEqual([exitCode, stderr], [1, '']);
		for (const line of stdout.trimEnd().split('\n')) assert.match(line, /^\u001b\[31m✖ .*\u001b\[0m$/);
		for (const text of [
			'the environment is not known',
			'ALERT24_API_KEY is not set',
			'(from SERVICE_ID)',
			'(from TAGS)',
			'DEBUG must be true or false; got "maybe"',
			'ALERT24_TIMEOUT must be a number',
			'FAIL_ON_ERROR must be true or false; got "perhaps"',
		]) {
			assert.ok(stdout.includes(text), `${text} is not in ${stdout}`);
		}
	});

	test('fails for a value that Alert24 does not have', async () => {
		const { exitCode, stdout } = await runPipe({ RISK_LEVEL: 'severe' });
		assert.equal(exitCode, 1);
		assert.match(stdout, /✖ risk_level must be one of .*; got "severe" \(from RISK_LEVEL\)/);
	});

	for (const [title, fault] of [
		['refused', { kind: 'status', status: 403 }],
		['not delivered', undelivered],
	] as const) {
		test(`reports a change that was ${title}, keeps it in its storage directory, and does not fail the step`, async () => {
			alert24.failAlways(fault);
			const { exitCode, stdout, stderr } = await runPipe({});
			assert.deepEqual([exitCode, stderr], [0, '']);
			assert.match(stdout, /^\u001b\[31m✖ NOT RECORDED: Deployed web-shop/m);
			assert.match(stdout, /^INFO: The undelivered change is in ".*\/storage\/alert24-undelivered"/m);
			assert.equal(readdirSync(join(storage, 'alert24-undelivered')).length, 1);
		});

		test(`fails the step for a change that was ${title} if FAIL_ON_ERROR is true`, async () => {
			alert24.failAlways(fault);
			assert.equal((await runPipe({ FAIL_ON_ERROR: 'true' })).exitCode, 1);
			assert.equal((await runPipe({ ALERT24_FAIL_ON_ERROR: 'yes' })).exitCode, 1);
		});
	}

	test('prints the undelivered change if it may not write', async () => {
		alert24.failAlways(undelivered);
		const { exitCode, stdout, stderr } = await runPipe({ UNDELIVERED_DIR: '/dev/null' });
		assert.deepEqual([exitCode, stderr], [0, '']);
		assert.match(stdout, /"\/dev\/null" cannot be written \(EEXIST\)/);
		assert.match(stdout, /"external_id":"bitbucket:step:/);
	});

	test('adds the id of the change to the variables of the step, below what others wrote', async () => {
		const file = join(directory, 'variables');
		writeFileSync(file, 'OTHER=1');
		const { exitCode, stdout } = await runPipe({ BITBUCKET_PIPELINES_VARIABLES_PATH: file });
		assert.equal(exitCode, 0, stdout);
		const change = alert24.changes.at(-1);
		const [first, ...lines] = readFileSync(file, 'utf8').trimEnd().split('\n');
		assert.equal(first, 'OTHER=1');
		assert.deepEqual(lines.slice(0, 3), [
			'ALERT24_CHANGE_STATE=recorded',
			`ALERT24_CHANGE_ID=${change?.id}`,
			`ALERT24_CHANGE_EXTERNAL_ID=${change?.external_id}`,
		]);
	});

	test('prints nothing about the file if there is none', async () => {
		const { exitCode, stdout } = await runPipe({
			BITBUCKET_PIPELINES_VARIABLES_PATH: join(directory, 'none/variables'),
		});
		assert.equal(exitCode, 0);
		assert.match(stdout, /^\u001b\[32m✔ Recorded: [^\n]*\n$/);
	});

	test('prints nothing but the change in a dry run', async () => {
		const { exitCode, stdout, stderr } = await runPipe({ DRY_RUN: 'true', ALERT24_API_KEY: '' });
		assert.deepEqual([exitCode, stderr], [0, '']);
		assert.equal(JSON.parse(stdout).source, 'bitbucket-pipelines');
	});

	test('keeps stdout for the JSON with OUTPUT=json', async () => {
		const { exitCode, stdout, stderr } = await runPipe({ OUTPUT: 'json' });
		assert.equal(exitCode, 0);
		assert.equal(JSON.parse(stdout).outcome, 'recorded');
		assert.match(stderr, /^INFO: Recorded: /);
	});

	test('takes the API key by its short name, and shows it nowhere', async () => {
		const { exitCode, stdout } = await runPipe({
			ALERT24_API_KEY: '',
			API_KEY: alert24.apiKey,
			SUMMARY: alert24.apiKey,
		});
		assert.equal(exitCode, 0);
		assert.ok(!stdout.includes(alert24.apiKey));
		assert.equal(alert24.sentChanges.at(-1)?.summary, '[redacted]');
	});

	test('reads commit and message with git, and goes without them if git is not installed', async () => {
		using repository = new GitRepository();
		const sha = repository.commit('Sort the basket by price');
		const variables = { BITBUCKET_CLONE_DIR: repository.directory, BITBUCKET_COMMIT: sha.slice(0, 12) };
		for (const [path, commit] of [
			[String(process.env['PATH']), [sha, 'Sort the basket by price']],
			[directory, [sha.slice(0, 12), undefined]],
		] as const) {
			await runPipe({ ...variables, PATH: path });
			const change = alert24.sentChanges.at(-1);
			assert.deepEqual([change?.commit_sha, change?.commit_message], commit);
		}
	});
});

suite('the settings of a pipe', () => {
	test('have two names each, and the full one wins', () => {
		for (const { name } of optionDefinitions) {
			const [full, short] = [variableOf(name), variableOf(name).replace('ALERT24_', '')];
			assert.equal(openBitbucketPipe({ [short]: 'a' }).environment[full], 'a');
			assert.equal(openBitbucketPipe({ [short]: 'a', [full]: 'b' }).environment[full], 'b');
			assert.equal(openBitbucketPipe({ [short]: 'a' }).spellVariable(full), short);
			assert.equal(openBitbucketPipe({ [short]: 'a', [full]: 'b' }).spellVariable(full), full);
		}
	});

	test('may be lists under either name, without empty items', () => {
		const list = { TAGS_COUNT: '3', TAGS_0: 'a b', TAGS_2: 'c' };
		assert.equal(openBitbucketPipe(list).environment['ALERT24_TAGS'], 'a b,c');
		assert.equal(
			openBitbucketPipe({ ...list, ALERT24_TAGS_COUNT: '1', ALERT24_TAGS_0: 'd' }).environment['ALERT24_TAGS'],
			'd',
		);
		assert.equal(openBitbucketPipe({ TAGS_COUNT: '0' }).environment['ALERT24_TAGS'], undefined);
		assert.equal(openBitbucketPipe({ TAGS_COUNT: 'many', TAGS_0: 'a' }).environment['ALERT24_TAGS'], undefined);
		assert.equal(openBitbucketPipe({ TAGS_COUNT: '1e12', TAGS_0: 'a' }).environment['ALERT24_TAGS'], 'a');
	});

	test('have DEBUG for verbose, the last of three names', () => {
		assert.equal(openBitbucketPipe({ DEBUG: 'true' }).environment['ALERT24_VERBOSE'], 'true');
		assert.equal(openBitbucketPipe({ DEBUG: 'true', VERBOSE: 'false' }).environment['ALERT24_VERBOSE'], 'false');
	});

	test('belong to a pipe only if there is a storage directory', () => {
		assert.equal(isBitbucketPipe({ BITBUCKET_BUILD_NUMBER: '1' }), false);
		assert.equal(isBitbucketPipe({ BITBUCKET_PIPE_STORAGE_DIR: '/storage' }), true);
	});
});
