import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import type { StoredChange } from '../../stand-in/alert24-api.ts';
import { type Alert24StandIn, startAlert24 } from '../../stand-in/alert24-stand-in.ts';
import type { GitlabScenario, ScenarioJob } from '../../stand-in/gitlab-scenario.ts';
import { type GitlabStandIn, startGitlab } from '../../stand-in/gitlab-stand-in.ts';
import { gitlabJob, type RunResult, runInProcess } from '../support/run-in-process.ts';

const [shaA, shaB, shaC] = ['a1'.repeat(20), 'b2'.repeat(20), 'c3'.repeat(20)];
const now = Date.now();
const minutesAgo = (minutes: number) => new Date(now - minutes * 60_000);

/** A job that ran for a minute and ended so many minutes ago. */
function endJob(id: number, minutes: number, facts: Partial<ScenarioJob> = {}): ScenarioJob {
	const times = { startedAt: minutesAgo(minutes + 1).toISOString(), finishedAt: minutesAgo(minutes).toISOString() };
	return { id, pipeline: id * 10, name: 'deploy', sha: shaA, ...times, ...facts };
}

function deployTo(environment: string, ...jobs: readonly ScenarioJob[]): GitlabScenario {
	return {
		project: { id: 4711, path: 'shop/web-shop' },
		commits: [shaA, shaB, shaC].map((sha) => ({ sha, message: `Commit ${sha.slice(0, 2)}\n\nSee merge request !7\n` })),
		jobs,
		deployments: jobs.map(({ id }) => ({ id: id + 1000, environment, job: id })),
	};
}

type Run = Omit<RunResult, never> & Readonly<{ changes: readonly StoredChange[] }>;

/** A project and its change log. `sync` runs the command in a job of the project, any number of times. */
class Trial implements AsyncDisposable {
	readonly gitlab: GitlabStandIn;
	readonly alert24: Alert24StandIn;
	readonly directory: string;

	constructor(gitlab: GitlabStandIn, alert24: Alert24StandIn, directory: string) {
		this.gitlab = gitlab;
		this.alert24 = alert24;
		this.directory = directory;
	}

	static async start(scenario: GitlabScenario): Promise<Trial> {
		const directory = await mkdtemp(join(tmpdir(), 'alert24-sync-'));
		return new Trial(await startGitlab(scenario), await startAlert24(), directory);
	}

	/** Returns the changes that this run recorded. */
	async sync(variables: Readonly<Record<string, string>> = {}, ...options: readonly string[]): Promise<Run> {
		const before = this.alert24.changes.length;
		const result = await runInProcess(['sync', ...options], {
			...this.variables,
			ALERT24_UNDELIVERED_DIR: join(this.directory, 'undelivered'),
			...variables,
		});
		const output = result.stdout + result.stderr;
		for (const secret of [this.gitlab.jobToken, this.alert24.apiKey]) assert.ok(!output.includes(secret));
		assert.ok(this.gitlab.requests.every(({ method }) => method === 'GET'));
		return { ...result, changes: this.alert24.changes.slice(before) };
	}

	get variables(): Record<string, string> {
		const key = { ALERT24_API_KEY: this.alert24.apiKey, ALERT24_API_URL: this.alert24.url };
		return { ...gitlabJob, ...this.gitlab.variables, ...key };
	}

	/** The external id of a deploy job of this project. */
	idOf(rest: string): string {
		return `gitlab:${this.gitlab.host}:4711:${rest}`;
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await Promise.all([this.gitlab.close(), this.alert24.close(), rm(this.directory, { recursive: true })]);
	}
}

const summaries = ({ changes }: Run) => changes.map(({ summary }) => summary);

suite('sync', () => {
	test('records each deployment that is missing, and nothing the second time', async () => {
		await using trial = await Trial.start(
			deployTo('production', endJob(1, 60), endJob(2, 5, { sha: shaB, user: 'grace' })),
		);
		const first = await trial.sync();
		assert.deepEqual(
			[first.exitCode, summaries(first)],
			[0, ['Deployed web-shop @ a1a1a1a1', 'Deployed web-shop @ b2b2b2b2']],
		);
		const { id, created_at, ...recorded } = first.changes[1] ?? {};
		const page = `${trial.gitlab.url}/shop/web-shop`;
		assert.deepEqual(recorded, {
			summary: 'Deployed web-shop @ b2b2b2b2',
			change_type: 'deployment',
			description: [
				`Job: ${page}/-/jobs/2`,
				'Pipeline created: 2026-11-01T08:00:00.000Z',
				`Started: ${minutesAgo(6).toISOString()}`,
				`Finished: ${minutesAgo(5).toISOString()}`,
				'Duration: 60 s',
				`Previous commit: ${shaA} (deployed ${minutesAgo(60).toISOString()})`,
				`Compare: ${page}/-/compare/${shaA}...${shaB}`,
			].join('\n'),
			source: 'gitlab-ci',
			commit_sha: shaB,
			commit_message: 'Commit b2\n\nSee merge request !7',
			branch: 'main',
			pr_number: '7',
			pr_url: `${page}/-/merge_requests/7`,
			pipeline_url: `${page}/-/pipelines/20`,
			environment: 'production',
			risk_level: 'low',
			changed_by: 'grace',
			external_id: trial.idOf('job:2:production'),
			tags: ['gitlab', 'production'],
		});
		assert.match(
			first.stdout,
			/^2 deployments of the last 24 h in GitLab: 0 already recorded, 2 to record\nRecorded: /,
		);

		const second = await trial.sync();
		assert.deepEqual([second.exitCode, second.changes], [0, []]);
		assert.equal(second.stdout, '2 deployments of the last 24 h in GitLab: 2 already recorded, 0 to record\n');
	});

	test('marks a change that it records long after the deployment', async () => {
		await using trial = await Trial.start(deployTo('production', endJob(1, 60), endJob(2, 5)));
		const { changes } = await trial.sync();
		assert.deepEqual(
			changes.map(({ tags, description }) => [tags, String(description).split('\n').at(-1)]),
			[
				[
					['gitlab', 'production', 'recorded-late'],
					`Recorded later; the deployment ended at ${minutesAgo(60).toISOString()}`,
				],
				[['gitlab', 'production'], 'Re-deployment of the same commit'],
			],
		);
	});

	test('reports the missing deployments and records none with --dry-run', async () => {
		await using trial = await Trial.start(deployTo('production', endJob(1, 60), endJob(2, 5)));
		trial.alert24.record({ summary: 'x', external_id: trial.idOf('job:1:production') });
		const { exitCode, stdout, changes } = await trial.sync({}, '--dry-run');
		assert.deepEqual([exitCode, changes], [0, []]);
		assert.deepEqual(stdout.split('\n'), [
			`Missing: Deployed web-shop @ a1a1a1a1 in "production" (${trial.idOf('job:2:production')})`,
			'2 deployments of the last 24 h in GitLab: 1 recorded, 1 missing',
			'',
		]);
	});

	test('records a rollback by button and a retry, which run in an old pipeline', async () => {
		const first = endJob(1, 90, { pipeline: 10, sha: shaA });
		const second = endJob(2, 60, { pipeline: 20, sha: shaB });
		const rollback = endJob(3, 30, { pipeline: 10, sha: shaA });
		const retry = endJob(4, 10, { pipeline: 10, sha: shaA });
		await using trial = await Trial.start(deployTo('production', first, second, rollback, retry));
		const run = await trial.sync();
		assert.deepEqual(
			run.changes.map(({ summary, change_type }) => [summary, change_type]),
			[
				['Deployed web-shop @ a1a1a1a1', 'deployment'],
				['Deployed web-shop @ b2b2b2b2', 'deployment'],
				['Rolled back web-shop to a1a1a1a1', 'rollback'],
				['Deployed web-shop @ a1a1a1a1', 'deployment'],
			],
		);
		assert.match(String(run.changes[3]?.['description']), /Re-deployment of the same commit/);
	});

	const failures = [
		endJob(1, 60, { status: 'failed', failureReason: 'job_execution_timeout' }),
		endJob(2, 50, { status: 'failed', failureReason: 'no_updates_running' }),
		endJob(3, 40, { status: 'canceled' }),
		endJob(4, 30, { status: 'failed', startedAt: null, failureReason: 'failed_outdated_deployment_job' }),
		endJob(5, 20, { status: 'canceled', startedAt: null }),
		endJob(6, 10, { status: 'running', finishedAt: null }),
		endJob(7, 5, { status: 'skipped', startedAt: null }),
	];

	test('records timeouts, lost runners and cancellations with record_failures, and only jobs that started', async () => {
		await using trial = await Trial.start(deployTo('production', ...failures));
		assert.deepEqual(summaries(await trial.sync({ ALERT24_RECORD_FAILURES: 'true' })), [
			'Timed out deploying web-shop @ a1a1a1a1',
			'Failed to deploy web-shop @ a1a1a1a1',
			'Canceled deployment of web-shop @ a1a1a1a1',
		]);
	});

	test('records no failure without record_failures', async () => {
		await using trial = await Trial.start(deployTo('production', ...failures));
		assert.deepEqual((await trial.sync()).changes, []);
	});

	test('compares only the given environments', async () => {
		const scenario = deployTo('production', endJob(1, 30), endJob(2, 20), endJob(3, 10));
		const names = ['production', 'staging', 'review/12'];
		const deployments = scenario.deployments?.map((one, index) => ({ ...one, environment: names[index] ?? '' })) ?? [];
		await using trial = await Trial.start({ ...scenario, deployments });
		const recorded = async (ALERT24_ENVIRONMENT: string) =>
			(await trial.sync({ ALERT24_ENVIRONMENT })).changes.map((change) => change['environment']);
		assert.deepEqual(await recorded('staging'), ['staging']);
		assert.deepEqual(await recorded('production, staging'), ['production']);
		assert.deepEqual(await recorded(''), ['review/12']);
	});

	test('records each job for its service, and others for ALERT24_SERVICE_ID', async () => {
		const jobs = ['deploy-cart', 'deploy-search 1/2', 'deploy-search 2/2', 'deploy-rest'].map((name, index) =>
			endJob(index + 1, 40 - index, { name }),
		);
		const scenario = deployTo('production', ...jobs);
		const deployments = [
			...(scenario.deployments ?? []),
			{ id: 2000, environment: 'production', sha: shaA, updatedAt: minutesAgo(1).toISOString() },
		];
		await using trial = await Trial.start({ ...scenario, deployments });
		const run = await trial.sync({
			ALERT24_SERVICES: 'deploy-cart=svc_cart, deploy-search=svc_search',
			ALERT24_SERVICE_ID: 'svc_rest',
		});
		assert.deepEqual(
			run.changes.map(({ service_id, external_id }) => [service_id, external_id]),
			[
				['svc_cart', trial.idOf('job:1:production:svc_cart')],
				['svc_search', trial.idOf('job:2:production:svc_search')],
				['svc_search', trial.idOf('job:3:production:svc_search')],
				['svc_rest', trial.idOf('job:4:production:svc_rest')],
				['svc_rest', trial.idOf('deployment:2000:production:svc_rest')],
			],
		);
	});

	test('records a job that deploys several services for each of them, once', async () => {
		await using trial = await Trial.start(deployTo('production', endJob(1, 5)));
		const run = await trial.sync({ ALERT24_SERVICES: 'deploy=svc_b, deploy=svc_a, deploy = svc_a' });
		assert.deepEqual(run.changes.map(({ service_id }) => service_id).toSorted(), ['svc_a', 'svc_b']);
		assert.match(run.stdout, /^1 deployment of the last 24 h in GitLab, 2 records: 0 already recorded, 2 to record\n/);
	});

	test('records a deployment of the Deployments API with the message of its commit', async () => {
		const updatedAt = minutesAgo(5).toISOString();
		const deployments = [{ id: 9, environment: 'production', sha: shaB, user: 'bot', createdAt: updatedAt, updatedAt }];
		await using trial = await Trial.start({ ...deployTo('production'), deployments });
		const [change] = (await trial.sync()).changes;
		assert.deepEqual(
			[
				change?.['external_id'],
				change?.['commit_message'],
				change?.['pr_number'],
				change?.['changed_by'],
				change?.['description'],
			],
			[
				trial.idOf('deployment:9:production'),
				'Commit b2\n\nSee merge request !7',
				'7',
				'bot',
				'First deployment to this environment',
			],
		);
	});

	for (const [title, message] of [
		['names none', 'Try it'],
		['names another one', 'Try it\n\nSee merge request !7\n'],
	] as const) {
		test(`records the merge request of a review app's pipeline if the message ${title}`, async () => {
			const ref = 'refs/merge-requests/12/head';
			const updatedAt = minutesAgo(4).toISOString();
			const scenario = deployTo('review/x', endJob(1, 5, { ref }));
			const deployments = [
				...(scenario.deployments ?? []),
				{ id: 2000, environment: 'review/x', sha: shaA, ref, createdAt: updatedAt, updatedAt },
			];
			await using trial = await Trial.start({ ...scenario, deployments, commits: [{ sha: shaA, message }] });
			const page = `${trial.gitlab.url}/shop/web-shop/-/merge_requests/12`;
			assert.deepEqual(
				(await trial.sync()).changes.map((change) => [change['pr_number'], change['pr_url'], change['branch']]),
				[
					['12', page, undefined],
					['12', page, undefined],
				],
			);
		});
	}

	test('finds the merge requests that a deployment shipped if the message names none', async () => {
		const scenario = deployTo('production', endJob(1, 5));
		await using trial = await Trial.start({
			...scenario,
			commits: [{ sha: shaA, message: 'Sell shoes' }],
			mergeRequests: [
				{ iid: 12, title: 'x', mergeCommitSha: shaA },
				{ iid: 13, title: 'y' },
			],
			deployments: [{ id: 1, environment: 'production', job: 1, mergeRequests: [12, 13] }],
		});
		const [change] = (await trial.sync()).changes;
		assert.equal(change?.['pr_number'], '12');
		assert.match(String(change?.['description']), /^Merge requests: !12, !13$/m);
	});

	test('reads 150 deployments page by page, and records each once', async () => {
		const jobs = Array.from({ length: 150 }, (_, index) => endJob(index + 1, 300 - index));
		await using trial = await Trial.start(deployTo('production', ...jobs));
		const run = await trial.sync();
		assert.equal(run.exitCode, 0, run.stderr);
		assert.equal(new Set(trial.alert24.changes.map((change) => change['external_id'])).size, 150);
		assert.equal(trial.alert24.changes.length, 150);
		assert.deepEqual((await trial.sync()).changes, []);
	});

	test('finds a rollback to a deployment before its window, behind 250 missing deployments', async () => {
		const before = Array.from({ length: 50 }, (_, index) =>
			endJob(index + 1, 25 * 60 - index, { sha: index < 10 ? shaA : shaB }),
		);
		const missing = Array.from({ length: 250 }, (_, index) =>
			endJob(index + 51, 300 - index, { sha: index === 0 ? shaA : shaC }),
		);
		await using trial = await Trial.start(deployTo('production', ...before, ...missing));
		const { changes } = await trial.sync();
		assert.equal(changes.length, 250);
		const [rollback, next] = [51, 52].map((id) =>
			changes.find((change) => change['external_id'] === trial.idOf(`job:${id}:production`)),
		);
		assert.deepEqual(
			[rollback?.summary, rollback?.['change_type'], next?.['change_type']],
			['Rolled back web-shop to a1a1a1a1', 'rollback', 'deployment'],
		);
		assert.match(String(rollback?.['description']), new RegExp(`^Previous commit: ${shaB} `, 'm'));
		assert.match(String(next?.['description']), new RegExp(`^Previous commit: ${shaA} `, 'm'));
	});

	test('reports a previous deployment that it does not find among 100 deployments before its window', async () => {
		const others = Array.from({ length: 101 }, (_, index) =>
			endJob(index + 2, 26 * 60 - index, { name: 'deploy-cart' }),
		);
		const jobs = [endJob(1, 27 * 60, { sha: shaB }), ...others, endJob(900, 5)];
		await using trial = await Trial.start(deployTo('production', ...jobs));
		const { changes, stderr } = await trial.sync();
		assert.deepEqual(
			changes.map((change) => [change['change_type'], /^(First|Previous)/m.test(String(change['description']))]),
			[['deployment', false]],
		);
		assert.match(
			stderr,
			/^alert24-notify: GitLab lookup of the previous deployment: no earlier one of the job "deploy" is among the newest 100 to "production"; the changes are recorded without it$/m,
		);
	});

	test('reports the number of deployments before its window of 24 h', async () => {
		await using trial = await Trial.start(deployTo('production', endJob(1, 25 * 60), endJob(2, 26 * 60), endJob(3, 5)));
		const { changes, stderr } = await trial.sync();
		assert.equal(changes.length, 1);
		assert.match(
			stderr,
			/^alert24-notify: Not compared: 2 deployments that GitLab updated before [\dT:.-]+Z \(the window of 24 h\)\n$/,
		);
	});
});

suite('The number of deployments before the window', () => {
	const scenario = deployTo('production', endJob(1, 25 * 60), endJob(2, 26 * 60), endJob(3, 27 * 60));
	const names = ['production', 'staging', 'review/12'];
	const deployments = scenario.deployments?.map((one, index) => ({ ...one, environment: names[index] ?? '' })) ?? [];

	for (const [environments, count] of [
		['', '3 deployments'],
		['staging', '1 deployment'],
		['production, staging', '2 deployments'],
	] as const) {
		test(`is ${count} for ${environments === '' ? 'all environments' : environments}`, async () => {
			await using trial = await Trial.start({ ...scenario, deployments });
			const { stderr } = await trial.sync({ ALERT24_ENVIRONMENT: environments });
			assert.match(stderr, new RegExp(`: Not compared: ${count} that GitLab updated before `));
		});
	}

	test('is 0, and is not reported, for an environment without deployments', async () => {
		await using trial = await Trial.start({ ...scenario, deployments });
		assert.equal((await trial.sync({ ALERT24_ENVIRONMENT: 'qa' })).stderr, '');
	});
});

suite('A deployment that is recorded already', () => {
	const rows: readonly (readonly [title: string, id: string, isRecorded: boolean])[] = [
		['by the hook or by notify with lookups', 'job:1:production', true],
		['with a summary set by hand', 'job:1:production:summary=0a1b2c3d', true],
		['with a change type set by hand', 'job:1:production:type=config_change', true],
		['for a service, while sync has none', 'job:1:production:svc_shop', true],
		['by notify without lookups', 'pipeline:10:deploy:success:production', true],
		[
			'by notify without lookups, with a summary set by hand',
			'pipeline:10:deploy:success:production:summary=0a1b2c3d',
			true,
		],
		['to an environment that begins alike', 'job:1:production-eu', false],
		['by a job whose id begins alike', 'job:12:production', false],
		['with another outcome', 'pipeline:10:deploy:failed:production', false],
		['by another job of the pipeline', 'pipeline:10:deploy-eu:success:production', false],
	];
	for (const [title, id, isRecorded] of rows) {
		test(`is ${isRecorded ? 'not ' : ''}recorded if Alert24 has a record ${title}`, async () => {
			await using trial = await Trial.start(deployTo('production', endJob(1, 60)));
			trial.alert24.record({ summary: 'x', external_id: trial.idOf(id) }, minutesAgo(60));
			assert.equal((await trial.sync()).changes.length, isRecorded ? 0 : 1);
		});
	}

	test('with a change type set by hand is recorded for the service that has no record', async () => {
		await using trial = await Trial.start(deployTo('production', endJob(1, 60)));
		trial.alert24.record(
			{ summary: 'x', external_id: trial.idOf('job:1:production:svc_web:type=code') },
			minutesAgo(60),
		);
		const variables = { ALERT24_SERVICE_ID: 'svc_web, svc_api' };
		assert.deepEqual(
			(await trial.sync(variables)).changes.map((change) => change['service_id']),
			['svc_api'],
		);
	});

	test('is found behind hundreds of later changes', async () => {
		await using trial = await Trial.start(deployTo('production', endJob(1, 60)));
		trial.alert24.record({ summary: 'x', external_id: trial.idOf('job:1:production') }, minutesAgo(60));
		for (let index = 0; index < 450; index += 1) trial.alert24.record({ summary: 'y' }, minutesAgo(30));
		const { exitCode, changes } = await trial.sync();
		assert.deepEqual([exitCode, changes], [0, []]);
	});

	test('stands for the newest attempt before the record, not for an earlier one', async () => {
		const jobs = [endJob(1, 120, { pipeline: 10 }), endJob(2, 60, { pipeline: 10 })];
		await using trial = await Trial.start(deployTo('production', ...jobs));
		const external_id = trial.idOf('pipeline:10:deploy:success:production');
		trial.alert24.record({ summary: 'x', external_id }, minutesAgo(59));
		assert.deepEqual(
			(await trial.sync()).changes.map((change) => change['external_id']),
			[trial.idOf('job:1:production')],
		);
	});

	test('stands for the attempt before the record, not for a later rollback in the same pipeline', async () => {
		const jobs = [
			endJob(1, 120, { pipeline: 10 }),
			endJob(2, 60, { pipeline: 20, sha: shaB }),
			endJob(3, 30, { pipeline: 10 }),
		];
		await using trial = await Trial.start(deployTo('production', ...jobs));
		trial.alert24.record(
			{ summary: 'x', external_id: trial.idOf('pipeline:10:deploy:success:production') },
			minutesAgo(119),
		);
		trial.alert24.record(
			{ summary: 'x', external_id: trial.idOf('pipeline:20:deploy:success:production') },
			minutesAgo(59),
		);
		assert.deepEqual(
			(await trial.sync()).changes.map((change) => change['external_id']),
			[trial.idOf('job:3:production')],
		);
	});

	test('counts for all parallel instances if notify recorded them as one', async () => {
		const jobs = [
			endJob(1, 60, { pipeline: 10, name: 'deploy 1/2' }),
			endJob(2, 60, { pipeline: 10, name: 'deploy 2/2' }),
		];
		await using trial = await Trial.start(deployTo('production', ...jobs));
		trial.alert24.record(
			{ summary: 'x', external_id: trial.idOf('pipeline:10:deploy:success:production') },
			minutesAgo(58),
		);
		assert.deepEqual((await trial.sync()).changes, []);
	});

	test('has one record after notify, the deploy job itself and sync', async () => {
		await using trial = await Trial.start(deployTo('production', endJob(1, 5, { pipeline: 10 })));
		const job = {
			...trial.variables,
			CI_PIPELINE_ID: '10',
			CI_COMMIT_SHA: shaA,
			ALERT24_ENVIRONMENT: 'production',
			ALERT24_UNDELIVERED_DIR: trial.directory,
			ALERT24_DEDUPE: 'always',
		};
		await runInProcess([], { ...job, ALERT24_DEPLOY_JOB: 'deploy', CI_JOB_ID: '77' });
		await runInProcess([], { ...job, CI_JOB_ID: '1', CI_JOB_STATUS: 'success' });
		await trial.sync();
		assert.deepEqual(
			trial.alert24.changes.map((change) => change['external_id']),
			[trial.idOf('job:1:production')],
		);
	});
});

suite('sync records nothing', () => {
	const scenario = deployTo('production', endJob(1, 5));

	for (const [status, exitCode] of [
		[403, 2],
		[404, 2],
		[429, 5],
		[502, 5],
	] as const) {
		test(`and exits with ${exitCode} if GitLab answers ${status}`, async () => {
			await using trial = await Trial.start(scenario);
			trial.gitlab.fail('deployments', { kind: 'status', status });
			const run = await trial.sync();
			assert.deepEqual([run.exitCode, run.changes], [exitCode, []]);
			assert.match(
				run.stderr,
				new RegExp(`^alert24-notify: NOT COMPARED: GitLab does not list its deployments: ${status} `),
			);
		});
	}

	test('if Alert24 does not list its changes: a record could be a second one', async () => {
		await using trial = await Trial.start(scenario);
		trial.alert24.failListsAlways({ kind: 'status', status: 500 });
		const run = await trial.sync();
		assert.deepEqual([run.exitCode, run.changes], [5, []]);
		assert.equal(run.stderr, 'alert24-notify: NOT COMPARED: Alert24 does not list its changes: Alert24 answered 500\n');
	});

	test('outside of GitLab or without a key', async () => {
		await using trial = await Trial.start(scenario);
		const run = await trial.sync({ GITLAB_CI: '', ALERT24_API_KEY: '' });
		assert.equal(run.exitCode, 2);
		assert.match(
			run.stderr,
			/sync runs in a GitLab CI\/CD job: GITLAB_CI=true is missing\n.*ALERT24_API_KEY is not set/,
		);
	});

	test('in a dry run without a key, and advises nothing that the component does not have', async () => {
		await using trial = await Trial.start(scenario);
		const run = await trial.sync({ ALERT24_API_KEY: '' }, '--dry-run');
		assert.deepEqual([run.exitCode, run.stdout], [2, '']);
		assert.match(
			run.stderr,
			/ALERT24_API_KEY is not set\. Create a key .*jobs of\nalert24-notify: that environment\.\n$/s,
		);
	});

	test('with a malformed ALERT24_SERVICES', async () => {
		await using trial = await Trial.start(scenario);
		const run = await trial.sync({ ALERT24_SERVICES: 'deploy-cart' });
		assert.equal(run.exitCode, 2);
		assert.match(run.stderr, /ALERT24_SERVICES must be a list of job=service; got "deploy-cart"/);
	});
});

suite('A change that sync cannot deliver', () => {
	test('stays in the folder of undelivered changes', async () => {
		await using trial = await Trial.start(deployTo('production', endJob(1, 5)));
		trial.alert24.failAlways({ kind: 'status', status: 429, headers: { 'Retry-After': '3600' } });
		const run = await trial.sync();
		assert.equal(run.exitCode, 5);
		assert.equal((await readdir(join(trial.directory, 'undelivered'))).length, 1);
		assert.match(run.stderr, /NOT RECORDED/);
	});
});
