import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import { startAlert24 } from '../../stand-in/alert24-stand-in.ts';
import { hookJob, runHook } from '../support/run-hook.ts';
import { Toolbox, whyWithoutTools } from '../support/toolbox.ts';

const key = 'ak_live_0123456789abcdefghijABCDEFGHIJ01';
const { ALERT24_SERVICE_ID: _, ...job } = hookJob;

suite('the settings of the hook', { concurrency: 2, skip: whyWithoutTools }, () => {
	const toolbox = new Toolbox('GNU wget and mawk');
	const directory = mkdtempSync(join(tmpdir(), 'alert24-hook-keys-'));
	after(() => {
		toolbox[Symbol.dispose]();
		rmSync(directory, { recursive: true });
	});
	const run = (variables: Record<string, string>, more: object = {}) =>
		runHook({ ...job, ...variables }, { shell: 'dash', path: toolbox.path, ...more });

	test('take the key as it is, or from a file that either variable names', async () => {
		await using alert24 = await startAlert24();
		const file = join(directory, 'key');
		writeFileSync(file, `  ${alert24.apiKey}\r\n`);
		for (const variables of [
			{ ALERT24_API_KEY: `${alert24.apiKey}\n` },
			{ ALERT24_API_KEY: file },
			{ ALERT24_API_KEY: 'key' },
			{ ALERT24_API_KEY_FILE: file },
		]) {
			const url = { ALERT24_API_URL: `${alert24.url}/`, ALERT24_TIMEOUT: '7.5' };
			const { stdout } = await run({ ...variables, ...url }, { cwd: directory });
			assert.match(stdout, /^Recorded: /);
		}
		assert.deepEqual(alert24.strays, []);
	});

	test('redact a key from a file in every text', async () => {
		const file = join(directory, 'other-key');
		writeFileSync(file, 'a-key-of-another-form');
		const texts = { CI_COMMIT_MESSAGE: 'uses a-key-of-another-form', ALERT24_SUMMARY: 'a-key-of-another-form' };
		const { stdout } = await run({ ALERT24_API_KEY_FILE: file, ALERT24_DRY_RUN: 'true', ...texts });
		const { commit_message, summary } = JSON.parse(stdout);
		assert.deepEqual([commit_message, summary], ['uses [redacted]', '[redacted]']);
	});

	test('come from the inputs, unless a variable of the job overrides them', async () => {
		const inputs = {
			service_id: 'a,b',
			summary: 'By "hand"',
			change_tags: 'x, y',
			risk_level: 'low',
			change_type: 'rollback',
			name: 'shop',
		};
		const more = { inputs: { ...inputs, dry_run: true, environment: 'staging', changed_by: 'me' } };
		const given = await run({ ALERT24_API_KEY: key }, more);
		const [first, second] = given.stdout.split('\n', 2).map((line) => JSON.parse(line));
		const { service_id, summary, tags, risk_level, change_type, environment, changed_by } = first;
		assert.deepEqual(
			[service_id, second.service_id, summary, tags, risk_level, change_type, environment, changed_by],
			['a', 'b', 'Rolled back: By "hand"', ['gitlab', 'staging', 'x', 'y'], 'low', 'rollback', 'staging', 'me'],
		);
		const set = {
			ALERT24_SERVICE_ID: 'c',
			ALERT24_RISK_LEVEL: 'high',
			ALERT24_CHANGE_TYPE: 'code',
			ALERT24_NAME: 'cart',
		};
		const overridden = await run({ ...set, ALERT24_DRY_RUN: 'true' }, { inputs: { ...inputs, summary: '' } });
		const change = JSON.parse(overridden.stdout);
		assert.deepEqual(
			[change.service_id, change.summary, change.risk_level, change.change_type],
			['c', 'Deployed cart @ 5b1e7d20', 'high', 'code'],
		);
	});

	test('count if a line before the hook sets them without export', async () => {
		const before = 'ALERT24_SOURCE=mine ALERT24_EXTERNAL_ID=id:1 ALERT24_DEPLOY_JOB=deploy ALERT24_TAGS=x';
		const { stdout } = await run({ ALERT24_DRY_RUN: 'true' }, { before });
		const { source, external_id, description, tags } = JSON.parse(stdout);
		assert.deepEqual(
			[source, external_id, description, tags],
			['mine', 'id:1', undefined, ['gitlab', 'production', 'x']],
		);
	});

	for (const [variables, reason] of [
		[{ ALERT24_API_KEY: '' }, 'ALERT24_API_KEY is not set. Create a key with write scope'],
		[{ ALERT24_API_KEY_FILE: '/nowhere', ALERT24_API_KEY: '' }, 'the API key is invalid, or its file cannot be read'],
		[{ ALERT24_API_KEY: '/nowhere' }, 'the API key is invalid, or its file cannot be read'],
		[{ ALERT24_API_KEY: 'ak_live_\u00e9' }, 'the API key is invalid, or its file cannot be read'],
		[{ ALERT24_API_KEY: 'ak_live_12345678\nheader = x' }, 'the API key is invalid, or its file cannot be read'],
		[{ ALERT24_API_KEY: 'ak_live_"\nurl = "http://x' }, 'the API key is invalid, or its file cannot be read'],
		[{ ALERT24_API_URL: 'http://app.alert24.net' }, 'ALERT24_API_URL must be a URL'],
		[{ ALERT24_API_URL: 'http://127.0.0.1.example.com' }, 'ALERT24_API_URL must be a URL'],
		[{ ALERT24_API_URL: 'http://127.0.0.1:80@example.com' }, 'ALERT24_API_URL must be a URL'],
		[{ ALERT24_API_URL: 'https://me:secret@app.alert24.net' }, 'ALERT24_API_URL must be a URL'],
		[{ ALERT24_API_URL: 'https://a"b\nurl = "http://evil' }, 'ALERT24_API_URL must be a URL'],
		[{ ALERT24_API_URL: 'https://' }, 'ALERT24_API_URL must be a URL'],
		[{ ALERT24_API_URL: 'https:///app.alert24.net' }, 'ALERT24_API_URL must be a URL'],
		[{ ALERT24_API_URL: '$URL' }, 'ALERT24_API_URL must be a URL'],
	] as const) {
		test(`report in one line, with the change behind it: ${reason}; ${JSON.stringify(variables)}`, async () => {
			const { exitCode, stdout, stderr } = await run({ ALERT24_API_KEY: key, ...variables });
			assert.deepEqual([exitCode, stdout], [0, '']);
			const [words = '', line = ''] = stderr.split('\n');
			assert.ok(words.startsWith(`NOT RECORDED: Deployed web-shop @ 5b1e7d20 in "production": ${reason}`), stderr);
			assert.equal(JSON.parse(line).change.environment, 'production');
			assert.ok(!stderr.includes('secret') && !stderr.includes(key));
		});
	}

	for (const [variables, reason] of [
		[{ CI_JOB_STATUS: 'odd' }, 'unknown CI_JOB_STATUS "odd": nothing is recorded; set ALERT24_STATUS to success'],
		[{ CI_ENVIRONMENT_NAME: '' }, 'the environment is not known: set ALERT24_ENVIRONMENT'],
		[{ CI_ENVIRONMENT_NAME: ' ' }, 'the environment is not known: set ALERT24_ENVIRONMENT'],
		[{ ALERT24_ENVIRONMENT: '$TARGET' }, 'the environment is not known: set ALERT24_ENVIRONMENT'],
	] as const) {
		test(`record nothing, because ${reason}; ${JSON.stringify(variables)}`, async () => {
			const { exitCode, stdout, stderr } = await run({ ALERT24_API_KEY: key, ...variables });
			assert.deepEqual([exitCode, stdout, stderr.split('\n').length], [0, '', 2]);
			assert.ok(stderr.startsWith(`NOT RECORDED: the deployment: ${reason}`), stderr);
		});
	}
});
