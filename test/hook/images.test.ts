import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { startAlert24 } from '../../stand-in/alert24-stand-in.ts';
import { hookChange, hookJob, runHook } from '../support/run-hook.ts';
import { locate, Toolbox, whyWithoutTools } from '../support/toolbox.ts';

const key = 'ak_live_0123456789abcdefghijABCDEFGHIJ01';
const job = { ...hookJob, ALERT24_API_KEY: key };

suite('the hook in an image', { concurrency: 2, skip: whyWithoutTools }, () => {
	test('without a program that it needs reports which, and sends nothing', async () => {
		await using alert24 = await startAlert24();
		for (const [program, reason] of [
			['curl', `${hookChange}: the image has neither curl nor a wget that is safe for the API key`],
			['date', `${hookChange}: the image of this job has no date`],
			['head', `${hookChange}: the image of this job has no head`],
			['sleep', `${hookChange}: the image of this job has no sleep`],
			['awk', 'the deployment: the image of this job has no awk'],
		] as const) {
			using lacking = new Toolbox('curl and gawk');
			lacking.remove(program);
			const run = { shell: 'dash', path: lacking.path } as const;
			const { exitCode, stderr } = await runHook({ ...job, ALERT24_API_URL: alert24.url }, run);
			assert.ok(stderr.startsWith(`NOT RECORDED: ${reason}`), stderr);
			assert.equal(exitCode, 0);
		}
		assert.deepEqual(alert24.requests, []);
	});

	test('with wget2 gives it no key', async () => {
		using modern = new Toolbox('GNU wget and mawk');
		const log = join(modern.path, 'log');
		const version = `--version) echo 'GNU Wget2 2.1.0 - multithreaded' ;;`;
		modern.add('wget', `case $1 in ${version} *) echo "$*" >>'${log}' ;; esac`);
		const { stderr } = await runHook(job, { shell: 'dash', path: modern.path });
		const reason = 'the image has neither curl nor a wget that is safe for the API key: add curl to the image';
		assert.ok(stderr.startsWith(`NOT RECORDED: ${hookChange}: ${reason}`), stderr);
		assert.ok(!existsSync(log));
	});

	test('with GNU wget and no /dev/shm uses the folder for temporary files', async () => {
		await using alert24 = await startAlert24();
		using lacking = new Toolbox('GNU wget and mawk');
		lacking.add('mktemp', `case $1 in /dev/shm/*) exit 1 ;; *) exec ${locate('mktemp')} ;; esac`);
		const variables = { ...job, ALERT24_API_KEY: alert24.apiKey, ALERT24_API_URL: alert24.url };
		const { stdout, stderr } = await runHook(variables, { shell: 'dash', path: lacking.path });
		assert.match(stdout, /^Recorded: /, stderr);
	});

	test('with GNU wget and no place for a file sends nothing', async () => {
		await using alert24 = await startAlert24();
		using full = new Toolbox('GNU wget and mawk');
		const made = join(full.path, 'made');
		full.add('mktemp', `${locate('ln')} -s /dev/full '${made}' && echo '${made}'`);
		const variables = { ...job, ALERT24_API_KEY: alert24.apiKey, ALERT24_API_URL: alert24.url };
		const { stderr } = await runHook(variables, { shell: 'dash', path: full.path });
		assert.ok(stderr.startsWith(`NOT RECORDED: ${hookChange}: the image has neither curl nor a wget`), stderr);
		assert.deepEqual(alert24.requests, []);
	});

	test('with GNU wget removes the file of the key before it writes the key', async () => {
		await using alert24 = await startAlert24();
		using watched = new Toolbox('GNU wget and mawk');
		const seen = join(watched.path, 'seen');
		watched.add('rm', `${locate('cat')} "$2" >>'${seen}'; exec ${locate('rm')} "$@"`);
		const variables = { ...job, ALERT24_API_KEY: alert24.apiKey, ALERT24_API_URL: alert24.url };
		const { stdout } = await runHook(variables, { shell: 'bash', path: watched.path });
		assert.match(stdout, /^Recorded: /);
		assert.equal(readFileSync(seen, 'utf8'), '');
	});

	test('records for many services', async () => {
		await using alert24 = await startAlert24();
		using toolbox = new Toolbox('GNU wget and mawk');
		const { stdout, stderr } = await runHook(
			{
				...job,
				ALERT24_API_KEY: alert24.apiKey,
				ALERT24_API_URL: alert24.url,
				ALERT24_SERVICE_ID: Array.from({ length: 25 }, (_, index) => `svc_${index}`).join(),
				CI_COMMIT_MESSAGE: 'x'.repeat(20_000),
			},
			{ shell: 'dash', path: toolbox.path },
		);
		assert.equal(stderr, '');
		assert.equal(stdout.match(/^Recorded: /gm)?.length, 25);
		assert.equal(new Set(alert24.changes.map(({ service_id }) => service_id)).size, 25);
	});

	test('that has the command runs it instead, with the inputs as variables and without options for Node', async () => {
		using ours = new Toolbox('curl and gawk');
		const [env, grep, sort] = ['env', 'grep', 'sort'].map(locate);
		ours.add('alert24-notify', `echo "run:$*"; ${env} | ${grep} -E '^(ALERT24_[^D].*=.|NODE_|LC_)' | ${sort}; exit 5`);
		const inputs = { record_failures: true, api_url: 'https://eu.alert24.net', name: 'shop' };
		const variables = { ...job, NODE_OPTIONS: '-r dd-trace', NODE_DEBUG: 'net' };
		const { exitCode, stdout } = await runHook(variables, { shell: 'dash', path: ours.path, inputs });
		assert.equal(exitCode, 0);
		assert.deepEqual(stdout.split('\n').slice(0, -1), [
			'run:',
			`ALERT24_API_KEY=${key}`,
			'ALERT24_API_URL=https://eu.alert24.net',
			'ALERT24_CHANGE_TYPE=auto',
			'ALERT24_LOOKUP=never',
			'ALERT24_NAME=shop',
			'ALERT24_RECORD_FAILURES=true',
			'ALERT24_SERVICE_ID=svc_1',
			'ALERT24_TIMEOUT=60',
			'NODE_DEBUG=',
			'NODE_OPTIONS=',
		]);
	});

	test('with a command that cannot start does without it', async () => {
		using broken = new Toolbox('curl and gawk');
		broken.add('alert24-notify', 'exec /nowhere/node');
		const { stdout } = await runHook({ ...job, ALERT24_DRY_RUN: 'true' }, { shell: 'dash', path: broken.path });
		assert.equal(JSON.parse(stdout).environment, 'production');
	});

	test('with a busybox whose wget verifies no certificates sends no key', async () => {
		using toolbox = new Toolbox('busybox');
		const note = 'wget: note: TLS certificate validation not implemented';
		toolbox.add('wget', `echo '${note}' >&2; exec ${locate('busybox')} wget "$@"`);
		await using alert24 = await startAlert24();
		const variables = { ...job, ALERT24_API_KEY: alert24.apiKey, ALERT24_API_URL: alert24.url };
		const { stderr } = await runHook(variables, { shell: 'dash', path: toolbox.path });
		assert.match(stderr, /^NOT RECORDED: .*: the image has neither curl nor a wget that is safe for the API key/);
		assert.deepEqual(
			alert24.requests.map(({ method, headers }) => [method, headers.authorization]),
			[['GET', undefined]],
		);
	});
});
