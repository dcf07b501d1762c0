import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { readGitlabEvent } from '../../src/relay/gitlab-event.ts';
import { loadEvent } from '../relay/load-event.ts';
import { gitlabJob } from '../support/run-in-process.ts';
import { whyWithoutTools } from '../support/toolbox.ts';
import { readPage } from './pages.ts';
import { type DeployJob, findStartedJob, hook, notify, type Recorder, relay, sync, type Trial } from './recorders.ts';

const columns = ['notify', 'hook', 'sync', 'relay'] as const;
type Column = (typeof columns)[number];
const recorders: Readonly<Record<Column, Recorder>> = { notify, hook, sync, relay };

/** A cell that this machine can measure, or the reason why only GitLab can show it. A cell can need both. */
type Cell = Readonly<{ measure?: () => Promise<string>; onlyInGitlab?: string; text?: string }>;

const sha = gitlabJob.CI_COMMIT_SHA;
const oldSha = '8c41f02b7d95e3a6140c2be87fd3091a65c7b2e4';
const now = Date.now();
const minutesAgo = (minutes: number) => new Date(now - minutes * 60_000).toISOString();

function end(status = 'success', facts: Partial<DeployJob> = {}): DeployJob {
	const times = { startedAt: minutesAgo(3), finishedAt: minutesAgo(2) };
	return { id: 903300, pipeline: 81234, name: 'deploy', sha, status, ...times, ...facts };
}

const verbs: Readonly<Record<string, RegExp>> = {
	success: /^(Deployed|Rolled back) /,
	failed: /^Failed to /,
	canceled: /^Canceled /,
	timedout: /^Timed out /,
};

/** Classifies the records without and with `record_failures` in the words of the page. */
async function classify(recorder: Recorder, trial: Trial, outcome: string): Promise<string> {
	const always = await recorder(trial);
	const optional = outcome === 'success' ? always : await recorder({ ...trial, recordsFailures: true });
	for (const summary of [...always, ...optional]) {
		if (trial.answers !== false) assert.match(summary, verbs[outcome] ?? /^$/);
	}
	assert.ok(always.length <= optional.length && optional.length <= 1, [...always, ...optional].join());
	if (always.length === 1) return /^Failed|^Canceled|^Timed/.test(always[0] ?? '') ? 'failures' : 'recorded';
	return optional.length === 1 ? 'failures' : '–';
}

/** The cell of a part for a job that ended like this. */
const of = (column: Column, job: DeployJob, outcome: string): Cell => ({
	measure: () => classify(recorders[column], { jobs: [job] }, outcome),
});

/** The cell of `notify`, which assumes the outcome if GitLab does not answer. */
const ofNotify = (job: DeployJob, outcome: string): Cell => ({
	measure: async () => {
		const answered = await classify(notify, { jobs: [job] }, outcome);
		const assumed = await classify(notify, { jobs: [job], answers: false }, outcome);
		if (answered === assumed) return answered;
		return `${answered}; without an answer of GitLab as a ${assumed === 'recorded' ? 'success' : 'failure'}`;
	},
});

/** A row about one end of a deploy job that every part can see. */
const row = (job: DeployJob, outcome = job.status ?? 'success'): Readonly<Record<Column, Cell>> => ({
	notify: ofNotify(job, outcome),
	hook: of('hook', job, outcome),
	sync: of('sync', job, outcome),
	relay: of('relay', job, outcome),
});

// common/build.go of GitLab Runner: executeScript returns before the after_script.
const noAfterScript: Cell = { onlyInGitlab: 'GitLab Runner does not run the after_script then', text: '–' };

/** Asserts that a part makes these records, and returns the words of the page for it. */
const records = (column: Column, trial: Trial, expected: readonly RegExp[], text: string): Cell => ({
	measure: async () => {
		const summaries = await recorders[column](trial);
		assert.equal(summaries.length, expected.length, summaries.join());
		for (const [index, pattern] of expected.entries()) assert.match(summaries[index] ?? '', pattern);
		return text;
	},
});

const [deployed, failed] = [/^Deployed web-shop/, /^Failed to deploy web-shop/];
const failedRun = end('failed', { id: 903200, startedAt: minutesAgo(9), finishedAt: minutesAgo(8) });
const rollback = [
	end('success', { id: 901, pipeline: 801, sha, startedAt: minutesAgo(30), finishedAt: minutesAgo(29) }),
	end('success', { id: 902, pipeline: 802, sha: oldSha, startedAt: minutesAgo(20), finishedAt: minutesAgo(19) }),
	end('success', { id: 903, pipeline: 801, sha }),
];
const failedRollback = [...rollback.slice(0, 2), end('failed', { id: 903, pipeline: 801, sha })];
const instances = [end('success', { name: 'deploy 1/2' }), end('success', { name: 'deploy 2/2', id: 903301 })];
const staging = end('success', { id: 903301, name: 'deploy-staging', environment: 'staging' });
const bridge = end('success', { downstreamPipeline: 81299 });
const byApi = { id: 501, environment: 'production', sha, createdAt: minutesAgo(3), updatedAt: minutesAgo(2) };
const ofTrigger = { ...byApi, job: 903300 };

/** Each hook runs in a job of its own. */
const hookInEach = (jobs: readonly DeployJob[], expected: RegExp, text: string): Cell => ({
	measure: async () => {
		for (const job of jobs) assert.match((await hook({ jobs: [job] })).join(), expected);
		return text;
	},
});

const rows: Readonly<Record<string, Readonly<Record<Column, Cell>>>> = {
	success: row(end()),
	failure: row(end('failed')),
	'failure with `allow_failure: true`': row(end('failed', { allowFailure: true })),
	'manual job failed': row(end('failed', { allowFailure: true, user: 'ada' })),
	'manual job canceled': row(end('canceled', { allowFailure: true })),
	'canceled while it runs': {
		...row(end('canceled')),
		hook: {
			measure: async () => `${await classify(hook, { jobs: [end('canceled')] }, 'canceled')} (Runner 17.0)`,
			onlyInGitlab: 'GitLab Runner 17.0 and newer run the after_script of a canceled job',
		},
	},
	"timeout by the job's `timeout`": {
		...row(end('failed', { failureReason: 'job_execution_timeout' }), 'timedout'),
		hook: noAfterScript,
	},
	'timeout by `RUNNER_SCRIPT_TIMEOUT`': {
		...row(end('failed', { failureReason: 'script_failure' })),
		hook: {
			measure: async () => `${await classify(hook, { jobs: [end('timedout')] }, 'timedout')}, as timed out`,
			onlyInGitlab: 'GitLab Runner sets CI_JOB_STATUS to timedout (common/build.go)',
		},
	},
	'runner lost': { ...row(end('failed', { failureReason: 'runner_system_failure' })), hook: noAfterScript },
	'image cannot be pulled, git or artifacts fail': {
		...row(end('failed', { failureReason: 'image_pull_failure' })),
		hook: noAfterScript,
	},
	'never started: skipped, not clicked': {
		...row(end('skipped', { startedAt: null })),
		hook: noAfterScript,
	},
	'never started: outdated, rejected': {
		...row(end('failed', { startedAt: null, failureReason: 'failed_outdated_deployment_job' })),
		hook: noAfterScript,
	},
	retry: {
		notify: {
			...records('notify', { jobs: [failedRun, end()] }, [deployed], 'only if its job did not end before'),
			onlyInGitlab: 'GitLab starts skipped jobs again after a retry, and no job that ended',
		},
		hook: hookInEach(
			[failedRun, end()].map((job) => ({ ...job, status: 'success' })),
			deployed,
			'recorded, each run',
		),
		sync: records(
			'sync',
			{ jobs: [failedRun, end()], recordsFailures: true },
			[failed, deployed],
			'recorded, each run',
		),
		relay: records(
			'relay',
			{ jobs: [failedRun, end()], recordsFailures: true },
			[failed, deployed],
			'recorded, each run',
		),
	},
	'rollback or re-deploy button, success': {
		notify: { onlyInGitlab: 'GitLab runs the deploy job alone again', text: '–' },
		hook: records('hook', { jobs: rollback }, [/^Rolled back web-shop to 5b1e7d20$/], 'recorded'),
		sync: records('sync', { jobs: rollback }, [deployed, deployed, /^Rolled back web-shop to 5b1e7d20$/], 'recorded'),
		relay: records('relay', { jobs: rollback.slice(2) }, [deployed], 'recorded, as a deployment'),
	},
	'rollback or re-deploy button, failure': {
		notify: {
			...records(
				'notify',
				{ jobs: failedRollback.filter(({ pipeline }) => pipeline === 801), recordsFailures: true },
				[/^Failed to /],
				'failures, if `alert24:failure` did not end before',
			),
			onlyInGitlab: 'GitLab starts the skipped alert24:failure, and no job that ended',
		},
		hook: { measure: () => classify(hook, { jobs: failedRollback }, 'failed') },
		sync: records(
			'sync',
			{ jobs: failedRollback, recordsFailures: true },
			[deployed, deployed, /^Failed to roll back/],
			'failures',
		),
		relay: of('relay', failedRun, 'failed'),
	},
	'`parallel`, `parallel: matrix`': {
		notify: records('notify', { jobs: instances }, [deployed], 'one record for all instances'),
		hook: hookInEach(instances, deployed, 'one for each'),
		sync: records('sync', { jobs: instances }, [deployed, deployed], 'one for each'),
		relay: records('relay', { jobs: instances }, [deployed, deployed], 'one for each'),
	},
	'trigger job': {
		notify: {
			...records('notify', { jobs: [bridge] }, [deployed], 'recorded; too early without `strategy: depend`'),
			onlyInGitlab: 'without `strategy: depend`, the status of a trigger job is that of the creation of the pipeline',
		},
		hook: { onlyInGitlab: 'GitLab rejects a trigger job with an after_script', text: '–' },
		sync: records('sync', { jobs: [bridge] }, [deployed], 'if it has `environment:`'),
		relay: records('relay', { jobs: [], deployments: [ofTrigger] }, [deployed], 'if it has `environment:`'),
	},
	'`auto_cancel: on_job_failure`': {
		...row(end('failed')),
		notify: { onlyInGitlab: 'GitLab cancels alert24:failure, too', text: '– for the failure' },
	},
	'deployment by the Deployments API': {
		notify: { onlyInGitlab: 'there is no job to follow', text: '–' },
		hook: { onlyInGitlab: 'there is no job that could extend it', text: '–' },
		sync: records('sync', { jobs: [], deployments: [byApi] }, [deployed], 'recorded'),
		relay: records('relay', { jobs: [], deployments: [byApi] }, [deployed], 'recorded'),
	},
	'two environments': {
		notify: {
			measure: async () => {
				for (const job of [end(), staging]) assert.match((await notify({ jobs: [job] })).join(), deployed);
				return 'two inclusions';
			},
		},
		hook: hookInEach([end(), staging], deployed, 'each job its own'),
		sync: {
			measure: async () => {
				const jobs = [end(), staging];
				assert.equal((await sync({ jobs })).length, 2);
				assert.equal((await sync({ jobs, variables: { ALERT24_ENVIRONMENT: 'staging' } })).length, 1);
				return 'all, or those listed';
			},
		},
		relay: {
			measure: async () => {
				const jobs = [end(), staging];
				assert.equal((await relay({ jobs })).length, 2);
				assert.equal((await relay({ jobs, rules: 'rules: [{project: "**", environment: staging}]' })).length, 1);
				return 'by rules';
			},
		},
	},
	'stop of an environment (`action: stop`)': {
		notify: { onlyInGitlab: 'the job that stops an environment is another one than `deploy_job`', text: '–' },
		hook: records('hook', { jobs: [end()], variables: { CI_ENVIRONMENT_ACTION: 'stop' } }, [], '–'),
		sync: { onlyInGitlab: 'GitLab creates no deployment for such a job', text: '–' },
		relay: {
			measure: async () => {
				assert.equal(readGitlabEvent(loadEvent('gitlab-job-stop')).kind, 'ignored');
				return '–';
			},
		},
	},
};

/** Returns the rows of the table under this heading, without its header. */
function readTable(page: string, heading: string): string[][] {
	const [, section = ''] = readPage(page).split(`## ${heading}\n`);
	const lines = section.split(/^#/m)[0]?.match(/^\|.*\|$/gm) ?? [];
	return lines.map((line) =>
		line
			.slice(1, -1)
			.split('|')
			.map((cell) => cell.trim()),
	);
}

suite('the table "What is recorded when" in docs/hook.md', { skip: whyWithoutTools, concurrency: 4 }, () => {
	const [header = [], , ...table] = readTable('docs/hook.md', 'What is recorded when');

	test('has a column for each part, and the rows that this test checks', () => {
		assert.deepEqual(header, ['event', ...columns.map((name) => `\`${name}\``)]);
		assert.deepEqual(
			table.map(([event]) => event),
			Object.keys(rows),
		);
	});

	for (const [event = '', ...cells] of table) {
		test(`is true for: ${event}`, async () => {
			for (const [index, column] of columns.entries()) {
				const cell = rows[event]?.[column];
				assert.ok(cell?.measure ?? cell?.onlyInGitlab, `${column}: neither a measurement nor a reason`);
				assert.equal(cells[index], (await cell?.measure?.()) ?? cell?.text, column);
			}
		});
	}

	test('counts on the job that GitLab starts after each end of the deploy job', () => {
		assert.deepEqual(
			[
				[end()],
				[end('failed')],
				[end('failed', { allowFailure: true })],
				[end('canceled', { allowFailure: true })],
				[end('canceled')],
				[end('skipped')],
				[end('manual', { allowFailure: true })],
				[end(), end('failed')],
			].map(findStartedJob),
			[
				'alert24:success',
				'alert24:failure',
				'alert24:success',
				'alert24:success',
				undefined,
				undefined,
				undefined,
				'alert24:failure',
			],
		);
	});
});
