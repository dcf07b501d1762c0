import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { startAlert24 } from '../../stand-in/alert24-stand-in.ts';
import { runHook } from '../support/run-hook.ts';
import { gitlabJob } from '../support/run-in-process.ts';
import { locate, Toolbox, whyWithoutTools } from '../support/toolbox.ts';

const job = { ...gitlabJob, CI_JOB_STATUS: 'success', CI_ENVIRONMENT_NAME: 'production', ALERT24_LOOKUP: 'off' };
const key = 'ak_live_0123456789abcdefghijABCDEFGHIJ01';
const dryRun = { ALERT24_DRY_RUN: 'true', ALERT24_API_KEY: key };

describe('the hook in an image', { concurrency: 2, skip: whyWithoutTools }, () => {
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

	it('without one of the programs that it needs says which, once, and sends nothing', async () => {
		await using alert24 = await startAlert24();
		const variables = { ...job, ALERT24_API_KEY: alert24.apiKey, ALERT24_API_URL: alert24.url };
		for (const [kind, names] of [
			['curl and gawk', ['date', 'head', 'sed', 'sleep']],
			['GNU wget and mawk', ['mktemp', 'rm']],
		] as const) {
			for (const name of names) {
				using lacking = new Toolbox(kind);
				lacking.remove(name);
				const { stdout, stderr } = await runHook(variables, { shell: 'dash', path: lacking.path });
				const reason = `the image of this job has no ${name}`;
				assert.deepEqual([stdout, stderr], ['', `alert24-notify: could not record the deployment because ${reason}\n`]);
			}
		}
		assert.deepEqual(alert24.requests, []);
	});

	it('with wget2 gives it no key', async () => {
		using modern = new Toolbox('GNU wget and mawk');
		const log = join(modern.path, 'log');
		modern.add(
			'wget',
			`case $1 in --version) echo 'GNU Wget2 2.1.0 - multithreaded' ;; *) echo "$*" >>'${log}' ;; esac`,
		);
		const { stderr } = await runHook({ ...job, ALERT24_API_KEY: key }, { shell: 'dash', path: modern.path });
		assert.equal(
			stderr,
			'alert24-notify: could not record the deployment because wget2, the wget of this image, follows redirects and takes the key along: add curl\n',
		);
		assert.ok(!existsSync(log));
	});

	it('with GNU wget and a full /dev/shm puts the key into the next directory', async () => {
		await using alert24 = await startAlert24();
		using full = new Toolbox('GNU wget and mawk');
		const made = join(full.path, 'made');
		full.add(
			'mktemp',
			`case $1 in /dev/shm/*) ${locate('ln')} -s /dev/full '${made}' && echo '${made}' ;; *) exec ${locate('mktemp')} "$1" ;; esac`,
		);
		const { stdout, stderr } = await runHook(
			{ ...job, ALERT24_API_KEY: alert24.apiKey, ALERT24_API_URL: alert24.url },
			{ shell: 'dash', path: full.path },
		);
		assert.match(stdout, /^Recorded: /, stderr);
		assert.ok(!existsSync(made));
	});

	it('whose job exports the names of its own variables records for many services', async () => {
		await using alert24 = await startAlert24();
		using toolbox = new Toolbox('GNU wget and mawk');
		const names = 'answer body built change changes line list payload result';
		const { stdout, stderr } = await runHook(
			{
				...job,
				ALERT24_API_KEY: alert24.apiKey,
				ALERT24_API_URL: alert24.url,
				ALERT24_SERVICE_ID: Array.from({ length: 16 }, (_, index) => `svc_${index}`).join(),
				CI_COMMIT_MESSAGE: 'x'.repeat(20_000),
			},
			{ shell: 'dash', path: toolbox.path, before: `for name in ${names}; do export "$name=x"; done` },
		);
		assert.equal(stderr, '');
		assert.equal(stdout.match(/^Recorded: /gm)?.length, 16);
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
