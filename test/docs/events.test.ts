import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { startAlert24 } from '../../stand-in/alert24-stand-in.ts';
import type { ScenarioJob } from '../../stand-in/gitlab-scenario.ts';
import { startGitlab } from '../../stand-in/gitlab-stand-in.ts';
import { makePath } from '../support/delivery-trial.ts';
import { gitlabJob, runInProcess } from '../support/run-in-process.ts';
import { readPage } from './pages.ts';

/** A row of the table in docs/hook.md: GitLab's deploy job, and the job of `notify` that GitLab runs then. */
type Event = Readonly<{ job: Partial<ScenarioJob> | undefined; notify: 'success' | 'failed' | 'no job' }>;

const allowed = { allowFailure: true };
const scriptFailure = { status: 'failed', failureReason: 'script_failure' };
const events: Readonly<Record<string, Event>> = {
	success: { job: { status: 'success' }, notify: 'success' },
	failure: { job: scriptFailure, notify: 'failed' },
	'failure with `allow_failure: true`': { job: { ...scriptFailure, ...allowed }, notify: 'success' },
	'manual job failed': { job: { ...scriptFailure, ...allowed }, notify: 'success' },
	'manual job canceled': { job: { status: 'canceled', ...allowed }, notify: 'success' },
	'canceled while it runs': { job: { status: 'canceled' }, notify: 'no job' },
	"timeout by the job's `timeout`": {
		job: { status: 'failed', failureReason: 'job_execution_timeout' },
		notify: 'failed',
	},
	'runner lost': { job: { status: 'failed', failureReason: 'runner_system_failure' }, notify: 'failed' },
	'image cannot be pulled, git or artifacts fail': {
		job: { status: 'failed', failureReason: 'image_pull_failure' },
		notify: 'failed',
	},
	'never started: skipped, not clicked, outdated, rejected': {
		job: { status: 'failed', failureReason: 'deployment_rejected', startedAt: null },
		notify: 'failed',
	},
	'deployment by the Deployments API': { job: undefined, notify: 'no job' },
};

const rows = new Map(
	[...readPage('docs/hook.md').matchAll(/^\| (.+?) \| (.+?) \| .+? \| (.+?) \| .+? \|$/gm)].map(
		([, event = '', notify = '', sync = '']) => [event, { notify, sync }],
	),
);

/** Returns the outcomes that a cell promises: without and with record_failures. */
function readCell(cell = ''): readonly [boolean, boolean] {
	if (cell.startsWith('recorded')) return [true, true];
	return [false, cell.startsWith('failures')];
}

/** Runs a command in a project with this deploy job, and returns true if it recorded a deployment. */
async function isRecorded({ job, notify }: Event, command: 'record' | 'sync', recordFailures: boolean) {
	if (command === 'record' && notify === 'no job') return false;
	const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();
	const sha = gitlabJob.CI_COMMIT_SHA;
	const times = { startedAt: minutesAgo(10), finishedAt: minutesAgo(9) };
	await using alert24 = await startAlert24();
	await using gitlab = await startGitlab({
		project: { id: 4711, path: 'shop/web-shop' },
		commits: [{ sha, message: 'Sort the basket\n' }],
		jobs: job === undefined ? [] : [{ id: 903311, pipeline: 81234, name: 'deploy', sha, ...times, ...job }],
		deployments: [
			{
				id: 7,
				environment: 'production',
				...(job === undefined ? { sha, status: 'success', createdAt: times.finishedAt } : { job: 903311 }),
			},
		],
	});
	const { CI_API_V4_URL = '', CI_JOB_TOKEN = '' } = gitlab.variables;
	await runInProcess([command], {
		...gitlabJob,
		CI_API_V4_URL,
		CI_JOB_TOKEN,
		ALERT24_API_KEY: alert24.apiKey,
		ALERT24_API_URL: alert24.url,
		ALERT24_UNDELIVERED_DIR: makePath(),
		ALERT24_RECORD_FAILURES: String(recordFailures),
		...(command === 'record' && {
			ALERT24_DEPLOY_JOB: 'deploy',
			ALERT24_ENVIRONMENT: 'production',
			ALERT24_ASSUMED_STATUS: notify,
		}),
	});
	const [change] = alert24.changes;
	if (change !== undefined && job !== undefined && job.status !== 'success') assert.equal(change.risk_level, 'high');
	return change !== undefined;
}

suite('the table "What is recorded when" in docs/hook.md', () => {
	for (const [name, event] of Object.entries(events)) {
		test(`is true for notify and sync: ${name}`, async () => {
			const row = rows.get(name);
			assert.ok(row !== undefined, 'the table has no such row');
			for (const [command, cell] of [
				['record', row.notify],
				['sync', row.sync],
			] as const) {
				const found = [await isRecorded(event, command, false), await isRecorded(event, command, true)];
				assert.deepEqual(found, readCell(cell), `${command}: ${cell}`);
			}
		});
	}
});
