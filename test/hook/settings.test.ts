import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import type { Fault } from '../support/alert24-faults.ts';
import { startAlert24 } from '../support/alert24-stand-in.ts';
import { runHook } from '../support/run-hook.ts';
import { gitlabJob } from '../support/run-in-process.ts';
import { locate, Toolbox } from '../support/toolbox.ts';

const job = { ...gitlabJob, CI_JOB_STATUS: 'success', CI_ENVIRONMENT_NAME: 'production', ALERT24_LOOKUP: 'off' };
const key = 'ak_live_0123456789abcdefghijABCDEFGHIJ01';
const dryRun = { ALERT24_DRY_RUN: 'true', ALERT24_API_KEY: key };

describe('the settings of the hook', { concurrency: 2 }, () => {
	const toolbox = new Toolbox('GNU wget and mawk');
	const directory = mkdtempSync(join(tmpdir(), 'alert24-hook-keys-'));
	after(() => {
		toolbox[Symbol.dispose]();
		rmSync(directory, { recursive: true });
	});
	const run = (variables: Record<string, string>, more: object = {}) =>
		runHook({ ...job, ...variables }, { shell: 'dash', path: toolbox.path, ...more });

	for (const [variables, reason] of [
		[{ ALERT24_API_KEY: '' }, 'ALERT24_API_KEY is empty'],
		[{ ALERT24_API_KEY_FILE: '/nowhere', ALERT24_API_KEY: '' }, 'the file of the API key cannot be read'],
		[{ ALERT24_API_KEY: '/nowhere' }, 'the file of the API key cannot be read'],
		[{ ALERT24_API_KEY_FILE: '/nowhere' }, 'ALERT24_API_KEY and ALERT24_API_KEY_FILE are both set'],
		[{ ALERT24_API_KEY: 'short' }, 'the API key is empty or too short'],
		[
			{ ALERT24_API_KEY: 'ak_live_ with a space' },
			'the API key holds spaces, line breaks or characters outside of ASCII',
		],
		[{ ALERT24_API_KEY: 'ak_live_ümlaut' }, 'the API key holds spaces'],
		[{ ALERT24_API_URL: 'http://app.alert24.net' }, 'ALERT24_API_URL must begin with https://'],
		[{ ALERT24_API_URL: 'http://127.0.0.1.example.com' }, 'ALERT24_API_URL must begin with https://'],
		[{ ALERT24_API_URL: 'https://me:secret@app.alert24.net' }, 'ALERT24_API_URL must not hold a user name or password'],
		[{ ALERT24_API_URL: 'https://app.alert24.net/api/v1' }, 'ALERT24_API_URL must be the base URL alone'],
		[{ ALERT24_API_URL: 'https://app.alert24.net?x' }, 'ALERT24_API_URL must be the base URL alone'],
		[{ ALERT24_API_URL: '$URL' }, 'ALERT24_API_URL must be a URL'],
		[{ ALERT24_API_URL: 'https://a"b\nurl = "http://evil' }, 'ALERT24_API_URL must be a URL'],
		[{ ALERT24_TIMEOUT: '0' }, 'ALERT24_TIMEOUT must be a number of seconds from 1 to 240; got "0"'],
		[{ ALERT24_TIMEOUT: '241' }, 'ALERT24_TIMEOUT must be'],
		[{ ALERT24_TIMEOUT: '240.5' }, 'ALERT24_TIMEOUT must be'],
		[{ ALERT24_TIMEOUT: '1e2' }, 'ALERT24_TIMEOUT must be'],
		[{ ALERT24_DRY_RUN: 'on' }, 'ALERT24_DRY_RUN must be true or false; got "on"'],
		[{ ALERT24_STATUS: 'ok' }, 'ALERT24_STATUS must be one of success failed canceled timedout; got "ok"'],
		[{ ALERT24_LOOKUP: 'never' }, 'ALERT24_LOOKUP must be one of auto off'],
		[{ CI_JOB_STATUS: 'odd' }, 'CI_JOB_STATUS is "odd", which is no outcome that is known'],
		[{ CI_ENVIRONMENT_NAME: '' }, 'no environment is known: set ALERT24_ENVIRONMENT'],
		[
			{ ALERT24_ENVIRONMENT: '$TARGET' },
			'ALERT24_ENVIRONMENT is "$TARGET": a variable that is not defined in this job',
		],
		[
			{ ALERT24_SERVICE_ID: 'svc_1,${ID}' },
			'ALERT24_SERVICE_ID is "${ID}": a variable that is not defined in this job',
		],
		[{ ALERT24_SERVICE_ID: 'a/b' }, 'service_id must be one id without spaces and slashes; got "a/b"'],
		[{ ALERT24_CHANGE_TYPE: 'deploy' }, 'change_type must be one of auto, deployment, config_change'],
		[
			{ ALERT24_RISK_LEVEL: 'severe' },
			'risk_level must be one of low, medium, high, critical; got "severe" (from ALERT24_RISK_LEVEL)',
		],
		[{ ALERT24_SUMMARY: ' \t' }, 'summary must not be blank (from ALERT24_SUMMARY)'],
		[{ ALERT24_SOURCE: 'é'.repeat(51) }, 'source must have at most 50 characters (from ALERT24_SOURCE)'],
		[{ GITLAB_CI: 'false' }, 'this is not a GitLab CI/CD job'],
		[
			{ GITLAB_CI: '', ALERT24_RISK_LEVEL: 'x', ALERT24_SERVICE_ID: 'a b' },
			/GITLAB_CI is not true; risk_level .*; service_id /,
		],
	] as const) {
		it(`are refused in one line that says: ${reason}`, async () => {
			const { exitCode, stdout, stderr } = await run({ ALERT24_API_KEY: key, ...variables });
			assert.deepEqual([exitCode, stdout], [0, '']);
			assert.match(stderr, /^alert24-notify: could not record the deployment because [^\n]+\n$/);
			if (typeof reason === 'string') assert.ok(stderr.includes(reason), stderr);
			else assert.match(stderr, reason);
			assert.ok(!stderr.includes('secret') && !stderr.includes(key));
		});
	}

	it('take the key as it is, or from a file that either variable names', async () => {
		await using alert24 = await startAlert24();
		const file = join(directory, 'key');
		writeFileSync(file, `  ${alert24.apiKey}\r\n`);
		for (const variables of [
			{ ALERT24_API_KEY: `${alert24.apiKey}\n` },
			{ ALERT24_API_KEY: file },
			{ ALERT24_API_KEY: 'key' },
			{ ALERT24_API_KEY_FILE: file },
		]) {
			const { stdout } = await run(
				{ ...variables, ALERT24_API_URL: `${alert24.url}//`, ALERT24_TIMEOUT: '007.5' },
				{ cwd: directory },
			);
			assert.match(stdout, /^Recorded: /);
		}
	});

	it('come from the inputs, unless a variable of the job says otherwise', async () => {
		const inputs = {
			service_id: 'a,b',
			summary: 'By "hand"',
			change_tags: 'x, y',
			risk_level: 'low',
			change_type: 'rollback',
		};
		const given = await run(
			{ ALERT24_API_KEY: key },
			{ inputs: { ...inputs, dry_run: true, environment: 'staging', changed_by: 'me' } },
		);
		const [first, second] = JSON.parse(given.stdout);
		assert.deepEqual(
			[
				first.service_id,
				second.service_id,
				first.summary,
				first.tags,
				first.risk_level,
				first.change_type,
				first.environment,
				first.changed_by,
			],
			['a', 'b', 'By "hand"', ['gitlab', 'staging', 'x', 'y'], 'low', 'rollback', 'staging', 'me'],
		);
		const set = {
			ALERT24_SERVICE_ID: 'c',
			ALERT24_SUMMARY: 'Mine',
			ALERT24_RISK_LEVEL: 'high',
			ALERT24_CHANGE_TYPE: 'code',
			ALERT24_DRY_RUN: 'true',
		};
		const { service_id, summary, risk_level, change_type } = JSON.parse((await run(set, { inputs })).stdout);
		assert.deepEqual([service_id, summary, risk_level, change_type], ['c', 'Mine', 'high', 'code']);
	});

	it('keep Retry-After up to 20 seconds, given as seconds or as a date', async () => {
		using pausing = new Toolbox('GNU wget and mawk');
		for (const [value, pause] of [
			['2', 2],
			['600', 20],
			['Sun, 06 Nov 1994 00:00:01 GMT', 2],
			['soon', 1],
		] as const) {
			await using alert24 = await startAlert24();
			const headers = { 'Retry-After': value, Date: 'Sat, 05 Nov 1994 23:59:59 GMT' };
			alert24.failWith({ kind: 'status', status: 429, headers } satisfies Fault);
			const variables = { ALERT24_API_KEY: alert24.apiKey, ALERT24_API_URL: alert24.url };
			const { stdout } = await run(variables, { path: pausing.path });
			assert.match(stdout, /^Recorded: /);
			assert.deepEqual(pausing.takePauses(), [pause], value);
			assert.equal(alert24.requests.length, 2);
		}
	});

	it('let a look for the change come first, or never', async () => {
		await using alert24 = await startAlert24();
		const variables = { ALERT24_API_KEY: alert24.apiKey, ALERT24_API_URL: alert24.url };
		alert24.failWith({ kind: 'status', status: 502, recordsFirst: true });
		assert.match((await run({ ...variables, ALERT24_DEDUPE: 'never' })).stdout, /^Recorded: /);
		assert.equal(alert24.changes.length, 2);
		assert.match((await run({ ...variables, ALERT24_DEDUPE: 'always' })).stdout, /^Already recorded: /);
		assert.equal(alert24.changes.length, 2);
	});
});

describe('the hook in an image', { concurrency: 2 }, () => {
	it('without curl and wget, or without awk, says so', async () => {
		using bare = new Toolbox('curl and gawk');
		const run = () => runHook({ ...job, ALERT24_API_KEY: key }, { shell: 'dash', path: bare.path });
		bare.remove('curl');
		assert.equal(
			(await run()).stderr,
			'alert24-notify: could not record the deployment because the image of this job has neither curl nor wget\n',
		);
		bare.remove('awk');
		const { exitCode, stderr } = await run();
		assert.equal(exitCode, 0);
		assert.match(stderr, /could not record the deployment because awk cannot be run/);
	});

	it('whose PATH holds busybox alone, without a link, records', async () => {
		await using alert24 = await startAlert24();
		using lone = new Toolbox('busybox');
		lone.keepOnly('busybox');
		for (const shell of ['dash', 'busybox ash'] as const) {
			const { stdout } = await runHook(
				{ ...job, ALERT24_API_KEY: alert24.apiKey, ALERT24_API_URL: alert24.url },
				{ shell, path: lone.path },
			);
			assert.match(stdout, /^Recorded: /);
		}
	});

	it('built on ours, leaves everything to the command, with the inputs as its variables', async () => {
		using ours = new Toolbox('curl and gawk');
		ours.add(
			'alert24-notify',
			`echo "$*"; ${locate('env')} | ${locate('grep')} ^ALERT24_[^D] | ${locate('sort')}; exit 5`,
		);
		const inputs = { service_id: 'svc_1', record_failures: true, api_url: 'https://eu.alert24.net' };
		const { exitCode, stdout } = await runHook(
			{ ...job, ALERT24_API_KEY: key },
			{ shell: 'dash', path: ours.path, inputs },
		);
		assert.equal(exitCode, 0);
		assert.deepEqual(stdout.split('\n').slice(0, -1), [
			'record',
			`ALERT24_API_KEY=${key}`,
			'ALERT24_API_URL=https://eu.alert24.net',
			'ALERT24_CHANGE_TYPE=auto',
			'ALERT24_LOOKUP=off',
			'ALERT24_RECORD_FAILURES=true',
			'ALERT24_SERVICE_ID=svc_1',
			'ALERT24_TIMEOUT=60',
		]);
	});

	it('with a command that cannot start, does without it', async () => {
		using broken = new Toolbox('curl and gawk');
		broken.add('alert24-notify', 'exec /nowhere/node');
		const { stdout } = await runHook({ ...job, ...dryRun }, { shell: 'dash', path: broken.path });
		assert.equal(JSON.parse(stdout).environment, 'production');
	});
});
