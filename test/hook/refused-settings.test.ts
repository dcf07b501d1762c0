import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { runHook } from '../support/run-hook.ts';
import { gitlabJob } from '../support/run-in-process.ts';
import { Toolbox, whyWithoutTools } from '../support/toolbox.ts';

const job = { ...gitlabJob, CI_JOB_STATUS: 'success', CI_ENVIRONMENT_NAME: 'production', ALERT24_LOOKUP: 'off' };
const key = 'ak_live_0123456789abcdefghijABCDEFGHIJ01';

describe('settings that the hook refuses', { concurrency: 2, skip: whyWithoutTools }, () => {
	const toolbox = new Toolbox('GNU wget and mawk');
	after(() => toolbox[Symbol.dispose]());
	const run = (variables: Record<string, string>) =>
		runHook({ ...job, ...variables }, { shell: 'dash', path: toolbox.path });

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
		it(`are told in one line that says: ${reason}`, async () => {
			const { exitCode, stdout, stderr } = await run({ ALERT24_API_KEY: key, ...variables });
			assert.deepEqual([exitCode, stdout], [0, '']);
			assert.match(stderr, /^alert24-notify: could not record the deployment because [^\n]+\n$/);
			if (typeof reason === 'string') assert.ok(stderr.includes(reason), stderr);
			else assert.match(stderr, reason);
			assert.ok(!stderr.includes('secret') && !stderr.includes(key));
		});
	}
});
