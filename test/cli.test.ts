import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { startAlert24 } from '../stand-in/alert24-stand-in.ts';
import { startGitlab } from '../stand-in/gitlab-stand-in.ts';
import { bitbucketStep } from './support/bitbucket-step.ts';
import { makePath } from './support/delivery-trial.ts';
import { gitlabJob, type RunResult, runInProcess } from './support/run-in-process.ts';
import { VirtualClock } from './support/virtual-clock.ts';

const apiKey = 'ak_live_0123456789abcdefghijABCDEFGHIJKL';

suite('run', () => {
	test('exits with 1 for a fault of its own, prints the stack, and shows no secret', async () => {
		const { exitCode, stdout, stderr } = await runInProcess(['validate', '-'], gitlabJob, {
			readStdin: () => Promise.reject(new TypeError(`the token ${gitlabJob.CI_JOB_TOKEN} broke it`)),
		});
		assert.deepEqual([exitCode, stdout], [1, '']);
		assert.match(
			stderr,
			/^alert24-notify: a fault in alert24-notify, please report it:\nalert24-notify: TypeError: the token \[redacted\] broke it\nalert24-notify: {5}at /,
		);
	});

	test('reports mistakes of every kind at once', async () => {
		const { exitCode, stderr } = await runInProcess([], {
			...gitlabJob,
			CI_JOB_STATUS: 'preparing',
			ALERT24_TIMEOUT: '-1',
			ALERT24_RISK_LEVEL: 'severe',
		});
		assert.equal(exitCode, 2);
		const [timeout, status, environment, key, ...rest] = stderr.split('\n');
		assert.match(String(timeout), /ALERT24_TIMEOUT must be a number of seconds from 1 to 240; got "-1"/);
		assert.match(String(status), /unknown CI_JOB_STATUS "preparing"/);
		assert.match(String(environment), /the environment is not known/);
		assert.match(String(key), /ALERT24_API_KEY is not set/);
		assert.match(rest.join('\n'), /risk_level must be one of low, medium, high, critical; got "severe"/);
	});

	test('needs neither key nor environment for a deployment that it does not record', async () => {
		for (const status of ['failed', 'canceled', 'timedout']) {
			const { exitCode, stdout, stderr } = await runInProcess([], { ...gitlabJob, CI_JOB_STATUS: status });
			assert.deepEqual([exitCode, stderr], [0, '']);
			assert.match(stdout, /^Not recorded: the deployment (failed|was canceled|timed out); .*\n$/);
		}
	});

	test('advises in the words of the CI that it runs in', async () => {
		const failed = { BITBUCKET_EXIT_CODE: '1', CI_JOB_STATUS: 'failed' };
		const missing = { CI_JOB_STATUS: 'success', ALERT24_ENVIRONMENT: '', BITBUCKET_DEPLOYMENT_ENVIRONMENT: '' };
		const ofGitlab = await Promise.all([failed, missing].map((set) => runInProcess([], { ...gitlabJob, ...set })));
		const ofBitbucket = await Promise.all(
			[failed, missing].map((set) => runInProcess([], { ...bitbucketStep, ...set })),
		);
		const textOf = (runs: RunResult[]) => runs.map(({ stdout, stderr }) => stdout + stderr).join('');
		const words = {
			gitlab: /component input|GitLab|Settings > CI\/CD/,
			bitbucket: /Repository settings|pipe|`deployment:`/,
		};
		assert.match(textOf(ofGitlab), words.gitlab);
		assert.doesNotMatch(textOf(ofGitlab), words.bitbucket);
		assert.match(textOf(ofBitbucket), words.bitbucket);
		assert.doesNotMatch(textOf(ofBitbucket), words.gitlab);
	});

	test('prints the same with an option as with its variable', async () => {
		const byVariable = await runInProcess([], { ...gitlabJob, ALERT24_ENVIRONMENT: 'a', ALERT24_DRY_RUN: 'yes' });
		const byOption = await runInProcess(['record', '--environment', 'a', '--dry-run'], gitlabJob);
		assert.deepEqual(byOption, byVariable);
		assert.equal(byOption.exitCode, 0);
	});

	test('removes a key from every text that it sends, before the text is truncated', async () => {
		await using alert24 = await startAlert24();
		await using gitlab = await startGitlab({
			project: { id: 4711, path: 'shop/web-shop' },
			commits: [{ sha: gitlabJob.CI_COMMIT_SHA, message: `Add the key ${alert24.apiKey}` }],
			jobs: [],
			deployments: [],
		});
		const variables = {
			...gitlabJob,
			ALERT24_API_KEY: alert24.apiKey,
			ALERT24_API_URL: alert24.url,
			ALERT24_ENVIRONMENT: 'production',
			ALERT24_DESCRIPTION: `With ${alert24.apiKey}`,
			ALERT24_UNDELIVERED_DIR: makePath(),
			// The limit of the field is in the middle of the key.
			CI_COMMIT_BRANCH: `${'x'.repeat(230)}${alert24.apiKey}`,
		};
		const fromGit = { sha: gitlabJob.CI_COMMIT_SHA, message: `Add ${alert24.apiKey}` };
		const argv = ['--changed-by', `owner of ${alert24.apiKey}`];
		await runInProcess(argv, variables, { readCommit: () => Promise.resolve(fromGit) });
		await runInProcess(argv, { ...variables, CI_PROJECT_DIR: '/builds/shop' }, { readCommit: async () => fromGit });
		await runInProcess(argv, { ...variables, ...gitlab.variables });
		const [, ofGit, ofApi] = alert24.sentChanges;
		assert.deepEqual(
			[ofGit?.['commit_message'], ofApi?.['commit_message'], ofApi?.['changed_by']],
			['Add [redacted]', 'Add the key [redacted]', 'owner of [redacted]'],
		);
		assert.equal(alert24.posts.length, 3);
		for (const { body } of alert24.posts) assert.ok(!body.includes(alert24.apiKey.slice(0, 12)), body);
	});

	test('prints the result as JSON also for an invalid command line', async () => {
		for (const argv of [
			['--output', 'json', '--bogus'],
			['--bogus', '--output=json'],
		]) {
			const { exitCode, stdout } = await runInProcess(argv, gitlabJob);
			const { outcome, exit_code: told } = JSON.parse(stdout);
			assert.deepEqual([exitCode, outcome, told], [2, 'error', 2]);
		}
	});

	test('reports the facts of the CI that do not fit, and sends the rest', async () => {
		const { exitCode, stdout, stderr } = await runInProcess(['--dry-run', '--environment', 'a'], {
			...gitlabJob,
			CI_PIPELINE_URL: 'not a url',
		});
		assert.deepEqual([exitCode, JSON.parse(stdout).pipeline_url], [0, undefined]);
		assert.equal(stderr, 'alert24-notify: pipeline_url is omitted: "not a url" does not fit the field\n');
	});

	test('records what a separate job reports on, also if that job stops an environment', async () => {
		const variables = {
			...gitlabJob,
			CI_ENVIRONMENT_NAME: 'a',
			CI_ENVIRONMENT_ACTION: 'stop',
			ALERT24_DRY_RUN: 'true',
		};
		assert.match((await runInProcess([], variables)).stdout, /^Not recorded: this job stops the environment "a"/);
		const { stdout } = await runInProcess([], { ...variables, ALERT24_DEPLOY_JOB: 'deploy' });
		assert.equal(JSON.parse(stdout).environment, 'a');
	});

	test('does not let a text of a change forge a line of the log', async () => {
		const variables = {
			...gitlabJob,
			ALERT24_ENVIRONMENT: 'a',
			ALERT24_API_KEY: apiKey,
			ALERT24_API_URL: 'https://alert24.invalid',
			ALERT24_SUMMARY: 'x\nRecorded: y',
			ALERT24_UNDELIVERED_DIR: '/dev/null',
		};
		const { stderr } = await runInProcess([], variables, { clock: new VirtualClock() });
		assert.match(stderr, /NOT RECORDED: x\\nRecorded: y in "a"/);
	});
});
