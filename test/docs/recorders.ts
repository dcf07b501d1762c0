import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { readGitlabEvent } from '../../src/relay/gitlab-event.ts';
import { planEvent } from '../../src/relay/plan-event.ts';
import { readRules } from '../../src/relay/rules.ts';
import { startAlert24 } from '../../stand-in/alert24-stand-in.ts';
import type { GitlabScenario, ScenarioDeployment, ScenarioJob } from '../../stand-in/gitlab-scenario.ts';
import { startGitlab } from '../../stand-in/gitlab-stand-in.ts';
import { loadEvent } from '../relay/load-event.ts';
import { runHook } from '../support/run-hook.ts';
import { gitlabJob, runInProcess } from '../support/run-in-process.ts';
import { locate } from '../support/toolbox.ts';
import { readPage } from './pages.ts';

/** A job that deploys to an environment, `production` by default. */
export type DeployJob = ScenarioJob & Readonly<{ environment?: string }>;

/** The deployments of a project, and the settings of the part that records it. */
export type Trial = Readonly<{
	jobs: readonly DeployJob[];
	/** Deployments besides those of the jobs. */
	deployments?: readonly ScenarioDeployment[];
	recordsFailures?: boolean;
	variables?: Readonly<Record<string, string>>;
	/** False: GitLab refuses every request. */
	answers?: boolean;
	/** The rules of the relay. */
	rules?: string;
}>;

/** Records what happened, and returns the summaries of the records. */
export type Recorder = (trial: Trial) => Promise<string[]>;

const programs = ['awk', 'curl', 'date', 'head', 'mktemp', 'rm', 'sleep'];

type NotifyJob = Readonly<{ when: string; variables: Readonly<Record<string, string>> }>;
const [, notifyTemplate] = parseAllDocuments(readPage('templates/notify.yml')).map((document) => document.toJS());
const readNotifyJob = (name: string): NotifyJob => notifyTemplate[`$[[ inputs.job_prefix ]]:${name}`];
const notifyJobs = {
	'alert24:success': readNotifyJob('success'),
	'alert24:failure': readNotifyJob('failure'),
} as const;
const withFailures = notifyTemplate['.$[[ inputs.job_prefix ]]:success:record_failures:true'].variables;

/**
 * Returns the job of the component `notify` that GitLab starts when the deploy job ended: GitLab computes one status
 * from the jobs under `needs` (lib/gitlab/ci/status/composite.rb), and compares it with `when`
 * (app/services/ci/process_build_service.rb).
 */
export function findStartedJob(jobs: readonly ScenarioJob[]): keyof typeof notifyJobs | undefined {
	const isAccepted = ({ status = 'success', allowFailure = false }: ScenarioJob) =>
		status === 'success' || (allowFailure && (status === 'failed' || status === 'canceled'));
	if (jobs.some(({ status }) => status === 'skipped' || status === 'manual')) return undefined;
	const isFailure = jobs.some((job) => job.status === 'failed' && !isAccepted(job));
	const when = jobs.every(isAccepted) ? 'on_success' : isFailure ? 'on_failure' : undefined;
	const names = Object.keys(notifyJobs) as (keyof typeof notifyJobs)[];
	return names.find((name) => notifyJobs[name].when === when);
}

/** Runs the command in the job of the component `notify` that GitLab starts, if it starts one. */
export const notify: Recorder = async (trial) => {
	const { jobs, recordsFailures = false } = trial;
	const [first] = jobs;
	assert.ok(first);
	const newest = new Map(jobs.map((job) => [job.name, job]));
	const started = findStartedJob([...newest.values()]);
	if (started === undefined || (started === 'alert24:failure' && !recordsFailures)) return [];
	const variables = {
		...(recordsFailures && withFailures),
		...notifyJobs[started].variables,
		CI_PIPELINE_ID: String(first.pipeline),
		CI_JOB_ID: '903399',
		ALERT24_DEPLOY_JOB: first.name.replace(/ \d+\/\d+$/, ''),
		ALERT24_ENVIRONMENT: first.environment ?? 'production',
	};
	return run(trial, variables, (all) => runInProcess([], all));
};

/** Runs the hook in the newest of the jobs, with the status that GitLab Runner reports for it. */
export const hook: Recorder = async (trial) => {
	const job = trial.jobs.at(-1);
	assert.ok(job);
	const variables = {
		...(trial.recordsFailures && { ALERT24_RECORD_FAILURES: 'true' }),
		CI_PIPELINE_ID: String(job.pipeline),
		CI_COMMIT_SHA: job.sha,
		CI_COMMIT_SHORT_SHA: job.sha.slice(0, 8),
		CI_JOB_ID: String(job.id),
		CI_JOB_NAME: job.name,
		CI_JOB_STATUS: job.status ?? 'success',
		CI_ENVIRONMENT_NAME: job.environment ?? 'production',
	};
	const path = [...new Set(programs.map((name) => locate(name).replace(/\/[^/]+$/, '')))].join(':');
	return run(trial, variables, (all) => runHook(all, { shell: 'dash', path }));
};

/** Runs `sync` after everything ended. */
export const sync: Recorder = async (trial) => {
	const variables = { ...(trial.recordsFailures && { ALERT24_RECORD_FAILURES: 'true' }), CI_JOB_ID: '903400' };
	return run(trial, variables, (all) => runInProcess(['sync'], all));
};

/** Plans the changes of the events that GitLab sends about the jobs, and about deployments without a job. */
export const relay: Recorder = async ({ jobs, deployments = [], recordsFailures = false, rules: given }) => {
	const rules = given ?? 'rules: [{project: "**"}]';
	const result = readRules(`record_failures: ${recordsFailures}\n${rules}`);
	assert.ok('rules' in result, JSON.stringify(result));
	const events = [...jobs.map(buildJobEvent), ...deployments.map(buildDeploymentEvent)];
	return events
		.flatMap((event) => planEvent(readGitlabEvent(event), result.rules))
		.flatMap((plan) => (plan.result === 'accepted' ? plan.changes : []))
		.map(({ change }) => change.summary);
};

async function run(
	{ jobs, deployments = [], variables = {}, answers = true }: Trial,
	own: Readonly<Record<string, string>>,
	record: (variables: Readonly<Record<string, string>>) => Promise<{ exitCode: number | null; stderr: string }>,
): Promise<string[]> {
	const scenario: GitlabScenario = {
		project: { id: 4711, path: 'shop/web-shop' },
		jobs,
		deployments: [
			...jobs.map(({ id, environment = 'production' }) => ({ id: id + 1000, environment, job: id })),
			...deployments,
		],
	};
	await using gitlab = await startGitlab(scenario);
	await using alert24 = await startAlert24();
	if (!answers) gitlab.fail('everything', { kind: 'status', status: 403 });
	const folder = mkdtempSync(join(tmpdir(), 'alert24-recorders-'));
	const settings = {
		ALERT24_API_KEY: alert24.apiKey,
		ALERT24_API_URL: alert24.url,
		ALERT24_UNDELIVERED_DIR: join(folder, 'undelivered'),
	};
	try {
		const { exitCode, stderr } = await record({ ...gitlabJob, ...gitlab.variables, ...settings, ...own, ...variables });
		assert.equal(exitCode, 0, stderr);
		return alert24.changes.map(({ summary }) => String(summary));
	} finally {
		rmSync(folder, { recursive: true });
	}
}

function buildJobEvent({
	id,
	name,
	status = 'success',
	failureReason,
	startedAt,
	environment = 'production',
}: DeployJob) {
	const event = loadEvent('gitlab-job-success');
	return {
		...event,
		build_id: id,
		build_name: name,
		build_status: status,
		build_failure_reason: failureReason ?? 'unknown_failure',
		...(startedAt === null && { build_started_at: null, build_started_at_iso: null }),
		environment: { name: environment, action: 'start', deployment_tier: 'production' },
	};
}

function buildDeploymentEvent({
	id,
	environment,
	status = 'success',
	job = null,
}: Omit<ScenarioDeployment, 'job'> & { job?: number | null }) {
	return { ...loadEvent('gitlab-deployment-by-api'), deployment_id: id, deployable_id: job, environment, status };
}
