import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { startAlert24 } from '../support/alert24-stand-in.ts';
import { runHook } from '../support/run-hook.ts';
import { gitlabJob } from '../support/run-in-process.ts';
import { locate, Toolbox } from '../support/toolbox.ts';

const job = { ...gitlabJob, CI_JOB_STATUS: 'success', CI_ENVIRONMENT_NAME: 'production', ALERT24_LOOKUP: 'off' };
const key = 'ak_live_0123456789abcdefghijABCDEFGHIJ01';
const dryRun = { ALERT24_DRY_RUN: 'true', ALERT24_API_KEY: key };

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
