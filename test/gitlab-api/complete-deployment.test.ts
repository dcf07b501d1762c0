import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Deployment } from '../../src/change/deployment.ts';
import {
	type CompletedDeployment,
	completeDeployment,
	type DeploymentQuery,
} from '../../src/gitlab-api/complete-deployment.ts';
import { GitlabClient } from '../../src/gitlab-api/gitlab-client.ts';
import type { GitlabScenario, ScenarioJob } from '../../stand-in/gitlab-scenario.ts';
import { type GitlabOptions, type GitlabStandIn, startGitlab } from '../../stand-in/gitlab-stand-in.ts';

const [oldSha, sha] = ['aaaa'.repeat(10), 'bbbb'.repeat(10)];
const project = { id: 4711, path: 'acme/web/shop' };
const job: ScenarioJob = {
	id: 903,
	pipeline: 81,
	name: 'deploy',
	sha,
	startedAt: '2026-11-20T10:00:00.000Z',
	finishedAt: '2026-11-20T10:00:42.000Z',
	user: 'jonas.weber',
};
const oldJob: ScenarioJob = {
	id: 800,
	pipeline: 70,
	name: 'deploy',
	sha: oldSha,
	startedAt: '2026-11-19T10:00:00.000Z',
	finishedAt: '2026-11-19T10:01:00.000Z',
};
/** Two deployments of one job; the second one is recorded. */
const scenario: GitlabScenario = {
	project,
	commits: [
		{ sha: oldSha, message: 'Sell hats\n' },
		{ sha, message: 'Sell shoes for $5\n\nSee merge request acme/web/shop!42\n' },
	],
	jobs: [oldJob, job],
	deployments: [
		{ id: 1, environment: 'production', job: 800 },
		{ id: 2, environment: 'production', job: 903 },
	],
};

/** The deployment as the variables of the separate job report it. */
const fromVariables: Deployment = {
	source: 'gitlab-ci',
	key: { parts: ['gitlab', 'host', '4711', 'pipeline', '81', 'deploy'], hasJobId: false },
	kind: 'deployment',
	outcome: 'success',
	environment: 'production',
	project: 'shop',
	commit: { sha, shortSha: sha.slice(0, 8), message: 'Sell shoes for \n\nSee merge request acme/web/shop!42' },
	branch: 'main',
	tag: undefined,
	pullRequest: { number: '42', url: undefined },
	deployedBy: 'ada',
	pipeline: { url: undefined, createdAt: '2026-11-20T09:50:00Z' },
	job: undefined,
	previous: undefined,
	mergeRequests: [],
	tags: ['gitlab', 'production'],
};

type Case = Readonly<{
	scenario?: GitlabScenario;
	deployment?: Partial<Deployment>;
	query?: Partial<DeploymentQuery>;
	options?: GitlabOptions;
	prepare?: (gitlab: GitlabStandIn) => void;
	requestMs?: number;
	totalMs?: number;
}>;

type Result = CompletedDeployment & { endpoints: GitlabStandIn['endpoints']; url: string; gitlab: GitlabStandIn };

async function complete(given: Case = {}): Promise<Result> {
	await using gitlab = await startGitlab(given.scenario ?? scenario, given.options);
	given.prepare?.(gitlab);
	const client = new GitlabClient({
		apiUrl: new URL(`${gitlab.url}/api/v4`),
		projectId: '4711',
		jobToken: gitlab.jobToken,
		network: { proxyEnv: {}, cas: undefined, signal: new AbortController().signal },
		requestMs: given.requestMs ?? 2000,
		totalMs: given.totalMs ?? 5000,
		redact: (text) => text,
	});
	const query: DeploymentQuery = {
		host: 'host',
		project: { id: '4711', path: project.path, url: `${gitlab.url}/${project.path}` },
		pipelineId: '81',
		environment: undefined,
		deployJob: { kind: 'separate', name: 'deploy' },
		isMergeRequestPipeline: false,
		...given.query,
	};
	const completed = await completeDeployment({ ...fromVariables, ...given.deployment }, query, client);
	for (const { method, path } of gitlab.requests) {
		assert.equal(method, 'GET');
		assert.ok(!path.includes(gitlab.jobToken), 'the token is in no URL');
	}
	return { ...completed, endpoints: gitlab.endpoints, url: gitlab.url, gitlab };
}

/** The scenario with another end of the deploy job. */
function withJobs(...jobs: readonly Partial<ScenarioJob>[]): GitlabScenario {
	const ended = jobs.map((change) => ({ ...job, ...change }));
	return { ...scenario, jobs: [oldJob, ...ended], deployments: scenario.deployments?.slice(0, 1) ?? [] };
}

suite('completeDeployment for a separate job', () => {
	test('replaces the facts of the variables with the facts of GitLab in three requests', async () => {
		const { deployment, found, refusals, endpoints, url } = await complete();
		assert.deepEqual(deployment, {
			...fromVariables,
			key: { parts: ['gitlab', 'host', '4711', 'job', '903'], hasJobId: true },
			commit: {
				sha,
				shortSha: sha.slice(0, 8),
				message: 'Sell shoes for $5\n\nSee merge request acme/web/shop!42',
			},
			pullRequest: { number: '42', url: `${url}/acme/web/shop/-/merge_requests/42` },
			deployedBy: 'jonas.weber',
			job: {
				url: `${url}/acme/web/shop/-/jobs/903`,
				startedAt: '2026-11-20T10:00:00.000Z',
				finishedAt: '2026-11-20T10:00:42.000Z',
				durationSeconds: 42,
			},
			previous: {
				sha: oldSha,
				deployedAt: '2026-11-19T10:01:00.000Z',
				compareUrl: `${url}/acme/web/shop/-/compare/${oldSha}...${sha}`,
			},
		});
		assert.deepEqual([...found].toSorted(), ['job', 'message', 'previous']);
		assert.deepEqual(refusals, []);
		assert.deepEqual(endpoints.toSorted(), ['commit', 'deployments', 'jobs']);
	});

	test('sends independent requests at once', async () => {
		const { gitlab } = await complete({ options: { delayMs: 100 } });
		const times = gitlab.requests.map(({ receivedAtMs }) => receivedAtMs);
		assert.ok(Math.max(...times) - Math.min(...times) < 100, `requests arrived at ${times.join(', ')}`);
	});

	const outcomes: readonly (readonly [title: string, jobs: readonly Partial<ScenarioJob>[], expected: string])[] = [
		['a job that succeeded', [{}], 'success'],
		[
			'a job that failed although it is allowed to',
			[{ status: 'failed', allowFailure: true, failureReason: 'script_failure' }],
			'failed',
		],
		['a job that was canceled after its start', [{ status: 'canceled', allowFailure: true }], 'canceled'],
		['a job that is being canceled', [{ status: 'canceling' }], 'canceled'],
		['a job that exceeded its timeout', [{ status: 'failed', failureReason: 'job_execution_timeout' }], 'timedout'],
		[
			'a job that GitLab stopped after its timeout',
			[{ status: 'failed', failureReason: 'server_timeout_running' }],
			'timedout',
		],
		['a job whose runner was lost', [{ status: 'failed', failureReason: 'runner_system_failure' }], 'failed'],
		['the newest of several runs', [{ status: 'failed' }, { id: 950, status: 'success' }], 'success'],
		['the newest of several runs that failed', [{}, { id: 950, status: 'failed' }], 'failed'],
		[
			'parallel instances of which one failed',
			[{ name: 'deploy 1/2' }, { id: 904, name: 'deploy 2/2', status: 'failed' }],
			'failed',
		],
		['parallel instances that succeeded', [{ name: 'deploy 1/2' }, { id: 904, name: 'deploy 2/2' }], 'success'],
		[
			'a matrix of which one timed out',
			[
				{ name: 'deploy: [eu, a]' },
				{ id: 904, name: 'deploy: [us, a]', status: 'failed', failureReason: 'job_execution_timeout' },
			],
			'timedout',
		],
		[
			'a matrix of which one was dropped',
			[{ name: 'deploy: [eu]' }, { id: 904, name: 'deploy: [us]', status: 'failed', startedAt: null }],
			'failed',
		],
		[
			'a matrix of which one was not clicked',
			[{ name: 'deploy: [eu]' }, { id: 904, name: 'deploy: [us]', status: 'manual', startedAt: null }],
			'success',
		],
		[
			'a job among others that begin alike',
			[
				{ id: 1, name: 'deploy-eu', status: 'failed' },
				{},
				{ id: 905, name: 'deploy: canary', status: 'failed' },
				{ id: 906, name: 'deploy 2', status: 'failed' },
			],
			'success',
		],
		['a trigger job', [{ downstreamPipeline: 5, startedAt: null }], 'success'],
		['a trigger job whose pipeline failed', [{ downstreamPipeline: 5, status: 'failed' }], 'failed'],
	];
	for (const [title, jobs, expected] of outcomes) {
		test(`reads the outcome of ${title}`, async () => {
			const { deployment, notStarted, refusals } = await complete({ scenario: withJobs(...jobs) });
			assert.deepEqual([deployment.outcome, notStarted, refusals], [expected, undefined, []]);
		});
	}

	const neverStarted: readonly (readonly [title: string, job: Partial<ScenarioJob>, reason: string])[] = [
		[
			'an outdated job',
			{ status: 'failed', startedAt: null, failureReason: 'failed_outdated_deployment_job' },
			'the job "deploy" did not start, because a newer deployment exists (failed_outdated_deployment_job)',
		],
		[
			'a rejected deployment',
			{ status: 'failed', failureReason: 'deployment_rejected' },
			'the job "deploy" did not start, because the deployment was rejected (deployment_rejected)',
		],
		[
			'a protected environment',
			{ status: 'failed', failureReason: 'protected_environment_failure' },
			'the job "deploy" did not start, because the environment is protected and the user may not deploy to it (protected_environment_failure)',
		],
		[
			'a stuck job',
			{ status: 'failed', startedAt: null, failureReason: 'stuck_or_timeout_failure' },
			'the job "deploy" did not start, because the job was stuck (stuck_or_timeout_failure)',
		],
		[
			'a reason of a later GitLab',
			{ status: 'failed', startedAt: null, failureReason: 'moon_phase' },
			'the job "deploy" did not start (moon_phase)',
		],
		[
			'a job that was canceled while it waited',
			{ status: 'canceled', startedAt: null },
			'the job "deploy" was canceled before it started',
		],
		[
			'a manual job that nobody started',
			{ status: 'manual', startedAt: null },
			'the job "deploy" did not run (status manual)',
		],
		[
			'a trigger job without a pipeline',
			{ status: 'failed', downstreamPipeline: null, failureReason: 'downstream_pipeline_creation_failed' },
			'the job "deploy" did not start (downstream_pipeline_creation_failed)',
		],
	];
	for (const [title, change, reason] of neverStarted) {
		test(`reports that nothing was deployed by ${title}`, async () => {
			assert.equal((await complete({ scenario: withJobs(change) })).notStarted, reason);
		});
	}

	for (const status of ['running', 'waiting_for_resource', 'moon_phase']) {
		test(`keeps the assumption and the key if the newest run has the status ${status}`, async () => {
			const { deployment, refusals } = await complete({
				scenario: withJobs({}, { id: 950, status, finishedAt: null }),
			});
			assert.deepEqual([deployment.outcome, deployment.key], ['success', fromVariables.key]);
			assert.deepEqual(refusals, [
				`GitLab lookup of the deploy job: the job "deploy" has the status "${status}"; the outcome is assumed from the pipeline`,
			]);
		});
	}

	test('keeps the key of the pipeline for parallel instances, and spans their times', async () => {
		const late = { startedAt: '2026-11-20T10:01:00.000Z', finishedAt: '2026-11-20T10:02:00.000Z' };
		const { deployment } = await complete({
			scenario: withJobs({ name: 'deploy 1/2' }, { id: 904, name: 'deploy 2/2', ...late }),
		});
		assert.deepEqual(deployment.key, fromVariables.key);
		assert.deepEqual(
			[deployment.job?.startedAt, deployment.job?.finishedAt, deployment.job?.durationSeconds],
			['2026-11-20T10:00:00.000Z', '2026-11-20T10:02:00.000Z', 120],
		);
	});

	test('finds a job on the second page of a large pipeline', async () => {
		const others = Array.from({ length: 150 }, (_, index) => ({ id: 2000 + index, name: `test ${index}` }));
		const { deployment } = await complete({ scenario: withJobs({ status: 'failed' }, ...others) });
		assert.equal(deployment.outcome, 'failed');
	});

	test('finds the outcome in the deployments if the job token may not list jobs', async () => {
		const failed = { ...job, status: 'failed', failureReason: 'script_failure' };
		const { deployment, refusals } = await complete({
			scenario: { ...scenario, jobs: [oldJob, failed] },
			prepare: (gitlab) => gitlab.fail('jobs', { kind: 'status', status: 403 }),
		});
		assert.deepEqual([deployment.outcome, deployment.key?.parts.at(-1), refusals], ['failed', '903', []]);
	});
});

suite('The deploy job in a long list', () => {
	const failure = { status: 'failed', allowFailure: true, failureReason: 'script_failure' };
	const others = Array.from({ length: 600 }, (_, index) => ({ id: 2000 + index, name: `test ${index}` }));
	const refuseJobs = (gitlab: GitlabStandIn) => gitlab.fail('jobs', { kind: 'status', status: 403 });

	/** Parallel instances, of which one failed. GitLab started them in the order of their numbers. */
	function parallel(count: number, failed: number): ScenarioJob[] {
		return Array.from({ length: count }, (_, index) => ({
			...job,
			id: 1000 + index,
			name: `deploy ${index + 1}/${count}`,
			...(index + 1 === failed && failure),
		}));
	}

	function deployAll(...jobs: readonly ScenarioJob[]): GitlabScenario {
		return { ...scenario, jobs, deployments: jobs.map(({ id }) => ({ id, environment: 'production', job: id })) };
	}

	/** Another notice than one about the deploy job is not of interest. */
	async function readOutcome(given: Case) {
		const { deployment, refusals } = await complete(given);
		const line = /^GitLab lookup of the deploy job: (.*); the outcome is assumed from the pipeline$/;
		return [deployment.outcome, ...refusals.flatMap((refusal) => line.exec(refusal)?.[1] ?? [])];
	}

	test('has failed if one of 30 instances failed and the job token may not list jobs', async () => {
		const outcome = await readOutcome({ scenario: deployAll(...parallel(30, 3)), prepare: refuseJobs });
		assert.deepEqual(outcome, ['failed']);
	});

	test('has an assumed outcome if the list of deployments ends among its instances', async () => {
		const outcome = await readOutcome({ scenario: deployAll(...parallel(120, 3)), prepare: refuseJobs });
		assert.deepEqual(outcome, ['success', '403 (Forbidden)']);
	});

	test('has failed if an instance in the list failed, although the list ends among its instances', async () => {
		const outcome = await readOutcome({ scenario: deployAll(...parallel(120, 119)), prepare: refuseJobs });
		assert.deepEqual(outcome, ['failed']);
	});

	test('has an outcome if the list of deployments goes back to a time before its pipeline', async () => {
		const history = Array.from({ length: 120 }, (_, index) => ({
			...oldJob,
			id: 100 + index,
			startedAt: '2026-10-01T10:00:00.000Z',
		}));
		const outcome = await readOutcome({ scenario: deployAll(...history, ...parallel(2, 0)), prepare: refuseJobs });
		assert.deepEqual(outcome, ['success']);
	});

	const notListed = 'the newest 500 jobs of pipeline 81 may omit instances of the job "deploy"';
	test('has an assumed outcome behind 500 newer jobs without a deployment', async () => {
		assert.deepEqual(await readOutcome({ scenario: withJobs(failure, ...others) }), [
			'success',
			'the job "deploy" is not among the newest 500 jobs of pipeline 81',
		]);
	});

	test('has the outcome in the list of deployments behind 500 newer jobs', async () => {
		const failed = { ...job, ...failure };
		const jobs = [failed, ...others.map((other) => ({ ...job, ...other }))];
		assert.deepEqual(await readOutcome({ scenario: { ...deployAll(failed), jobs } }), ['failed']);
	});

	test('has an assumed outcome if only some of its instances are behind 500 newer jobs', async () => {
		const instances = [
			{ name: 'deploy 1/2', ...failure },
			{ id: 3000, name: 'deploy 2/2' },
		];
		assert.deepEqual(await readOutcome({ scenario: withJobs(...instances, ...others) }), ['success', notListed]);
	});

	test('has failed if the instance that failed is not behind 500 newer jobs', async () => {
		const instances = [{ name: 'deploy 1/2' }, { id: 3000, name: 'deploy 2/2', ...failure }];
		assert.deepEqual(await readOutcome({ scenario: withJobs(...instances, ...others) }), ['failed']);
	});
});

suite('The history of a deployment', () => {
	const shas = { A: 'a1'.repeat(20), B: 'b2'.repeat(20), C: 'c3'.repeat(20) };
	const histories: readonly (readonly [
		title: string,
		before: string,
		own: string,
		kind: string,
		previous: string | undefined,
	])[] = [
		['the first deployment', '', 'A', 'first-deployment', undefined],
		['a new commit', 'A', 'B', 'deployment', 'A'],
		['the same commit again', 'A', 'A', 'redeployment', 'A'],
		['an older commit after another one', 'A B', 'A', 'rollback', 'B'],
		['a commit from long ago', 'A B C B C', 'A', 'rollback', 'C'],
		['the same commit again after a rollback', 'A B A', 'A', 'redeployment', 'A'],
		['an older commit that only another job deployed', 'A@other B', 'A', 'deployment', 'B'],
		['another job of a monorepo in the same environment', 'A@other', 'A', 'deployment', undefined],
		['another job that deployed the same commit a moment ago', 'A B@other', 'B', 'deployment', 'A'],
		['a failed deployment before', 'A B!', 'B', 'deployment', 'A'],
	];
	test('does not call a deployment the first if GitLab may list the environment under another name', async () => {
		const { deployment } = await complete({ deployment: { environment: 'Production EU' } });
		assert.deepEqual([deployment.kind, deployment.previous], ['deployment', undefined]);
	});

	for (const [title, before, own, kind, previous] of histories) {
		for (const outcome of ['success', 'failed'] as const) {
			test(`reads ${title} as ${kind} if the deployment has the outcome ${outcome}`, async () => {
				const jobs: ScenarioJob[] = [...before.split(' ').filter((step) => step !== ''), own].map(
					(step, index, all) => {
						const [, letter = 'A', name, isFailed] = /^([ABC])(?:@(\w+))?(!?)$/.exec(step) ?? [];
						const isOwn = index === all.length - 1;
						const startedAt = `2026-11-20T10:${String(10 + index)}:00.000Z`;
						const status = isFailed === '!' || (isOwn && outcome === 'failed') ? 'failed' : 'success';
						const commit = shas[letter as keyof typeof shas];
						return {
							id: 100 + index,
							pipeline: isOwn ? 81 : 70 + index,
							name: name ?? 'deploy',
							sha: commit,
							status,
							startedAt,
						};
					},
				);
				// A later deployment, which ran before this one is recorded, does not count.
				const later = { ...job, id: 999, pipeline: 99, sha: shas.C, startedAt: '2026-11-20T11:00:00.000Z' };
				const deployments = [...jobs, later].map(({ id }, index) => ({
					id: index + 1,
					environment: 'production',
					job: id,
				}));
				const ownSha = shas[own as keyof typeof shas];
				const commits = Object.values(shas).map((one) => ({ sha: one, message: 'Sell shoes' }));
				const { deployment, url } = await complete({
					scenario: { project, commits, jobs: [...jobs, later], deployments },
					deployment: { commit: { sha: ownSha, shortSha: ownSha.slice(0, 8), message: undefined } },
				});
				const previousSha = previous && shas[previous as keyof typeof shas];
				assert.deepEqual([deployment.kind, deployment.previous?.sha], [kind, previousSha]);
				const compare = `${url}/acme/web/shop/-/compare/${previousSha}...${ownSha}`;
				const hasCompare = previousSha !== undefined && previousSha !== ownSha;
				assert.equal(deployment.previous?.compareUrl, hasCompare ? compare : undefined);
			});
		}
	}

	const behind = 'no earlier one of the job "deploy" is among the newest 100 to "production"';
	for (const [title, facts] of [
		['120 parallel instances', { pipeline: 81 }],
		['108 deployments by other jobs', { pipeline: 70, name: 'deploy-cart', startedAt: '2026-11-19T11:00:00.000Z' }],
	] as const) {
		test(`is unknown behind ${title}, and one line reports it`, async () => {
			const newer = Array.from({ length: Number(/\d+/.exec(title)) }, (_, index) => ({
				...job,
				id: 1000 + index,
				name: `deploy ${index + 1}/120`,
				...facts,
			}));
			const own = { ...job, id: 2000 };
			const jobs = [oldJob, ...newer, ...('name' in facts ? [own] : [])];
			const deployments = jobs.map(({ id }) => ({ id, environment: 'production', job: id }));
			const { deployment, refusals } = await complete({ scenario: { ...scenario, jobs, deployments } });
			assert.deepEqual([deployment.kind, deployment.previous], ['deployment', undefined]);
			assert.deepEqual(refusals, [
				`GitLab lookup of the previous deployment: ${behind}; the change is recorded without it`,
			]);
		});
	}

	test('ignores a later deployment that GitLab created while this one waited for its start', async () => {
		const later = { ...job, id: 999, pipeline: 99, sha: 'cccc'.repeat(10), startedAt: '2026-11-20T11:00:00.000Z' };
		const deployments = [
			{ id: 1, environment: 'production', job: 800 },
			{ id: 2, environment: 'production', job: 903, createdAt: '2026-11-20T09:58:00.000Z' },
			{ id: 3, environment: 'production', job: 999, createdAt: '2026-11-20T09:59:00.000Z' },
		];
		const { deployment } = await complete({ scenario: { ...scenario, jobs: [oldJob, job, later], deployments } });
		assert.equal(deployment.previous?.sha, oldSha);
	});

	test('does not take parallel instances of the same deployment for its predecessor', async () => {
		const instances = [
			{ ...job, name: 'deploy 1/2' },
			{ ...job, id: 904, name: 'deploy 2/2' },
		];
		const deployments = [800, 903, 904].map((id, index) => ({ id: index + 1, environment: 'production', job: id }));
		const old = { ...oldJob, name: 'deploy 1/2' };
		const { deployment } = await complete({ scenario: { ...scenario, jobs: [old, ...instances], deployments } });
		assert.deepEqual([deployment.kind, deployment.previous?.sha], ['deployment', oldSha]);
	});
});

suite('The merge request of a deployment', () => {
	const withoutReference = { ...scenario, commits: [{ sha, message: 'Sell shoes' }] };
	const noReference = { pullRequest: undefined, commit: { ...fromVariables.commit, message: 'Sell shoes' } };
	const merged = { iid: 12, title: 'Sell shoes', mergeCommitSha: sha };

	const shipping: GitlabScenario = {
		...withoutReference,
		mergeRequests: [
			{ iid: 11, title: 'Sell ties', mergeCommitSha: oldSha },
			{ iid: 13, title: 'Sell hats' },
			merged,
			{ iid: 14, title: 'x', state: 'closed' },
		],
		deployments: [
			{ id: 1, environment: 'production', job: 800, mergeRequests: [11] },
			{ id: 2, environment: 'production', job: 903, mergeRequests: [12, 13, 14] },
			{ id: 3, environment: 'staging', sha: oldSha, createdAt: '2026-11-20T09:55:00.000Z', mergeRequests: [11] },
		],
	};

	test('comes from the deployment, and all that it ships are listed', async () => {
		const { deployment, endpoints, url } = await complete({ scenario: shipping, deployment: noReference });
		assert.deepEqual(deployment.pullRequest, { number: '12', url: `${url}/acme/web/shop/-/merge_requests/12` });
		assert.deepEqual(deployment.mergeRequests, ['!12', '!13']);
		assert.equal(endpoints.length, 5);
	});

	test('is requested at once with the other facts', async () => {
		const delayMs = 300;
		const { gitlab } = await complete({ scenario: shipping, deployment: noReference, options: { delayMs } });
		const times = gitlab.requests.map(({ receivedAtMs }) => receivedAtMs);
		assert.equal(times.length, 5);
		assert.ok(Math.max(...times) - Math.min(...times) < delayMs, 'every request came before the first response');
	});

	for (const [title, other] of [
		['another deployment', { id: 3, environment: 'production', sha: oldSha, createdAt: '2026-11-20T09:55:00.000Z' }],
		['another deployment that runs at once', { id: 1, environment: 'production', job: 800, updatedAt: job.finishedAt }],
	] as const) {
		test(`comes from the commit if ${title} ended after the pipeline was created`, async () => {
			const mergeRequests = [11];
			const deployments = [...(shipping.deployments ?? []).filter(({ id }) => id !== other.id)];
			const { deployment } = await complete({
				scenario: { ...shipping, deployments: [...deployments, { ...other, mergeRequests }] as never },
				deployment: noReference,
			});
			assert.deepEqual([deployment.pullRequest?.number, deployment.mergeRequests], ['12', []]);
		});
	}

	test('comes from the commit if GitLab refuses the list of shipped ones', async () => {
		const { deployment, refusals } = await complete({
			scenario: shipping,
			deployment: noReference,
			prepare: (gitlab) => gitlab.fail('merge requests', { kind: 'status', status: 403 }),
		});
		assert.deepEqual([deployment.pullRequest?.number, deployment.mergeRequests, refusals], ['12', [], []]);
	});

	test('comes from the commit if the list of deployments ends after the creation of the pipeline', async () => {
		const instances = Array.from({ length: 120 }, (_, index) => ({
			...job,
			id: 1000 + index,
			name: `deploy ${index}/120`,
		}));
		const other = { ...job, id: 999, pipeline: 80, name: 'deploy-cart' };
		const jobs = [other, ...instances];
		const deployments = jobs.map(({ id }) => ({
			id,
			environment: 'production',
			job: id,
			mergeRequests: id === 999 ? [11] : id === 1000 ? [12, 13] : [],
		}));
		const { deployment } = await complete({ scenario: { ...shipping, jobs, deployments }, deployment: noReference });
		assert.deepEqual([deployment.pullRequest?.number, deployment.mergeRequests], ['12', []]);
	});

	test('comes from the commit if the creation of the pipeline is unknown', async () => {
		const { deployment, endpoints } = await complete({
			scenario: shipping,
			deployment: { ...noReference, pipeline: { url: undefined, createdAt: undefined } },
		});
		assert.deepEqual([deployment.pullRequest?.number, deployment.mergeRequests], ['12', []]);
		assert.deepEqual(endpoints.toSorted(), ['commit', 'commit merge requests', 'deployments', 'jobs']);
	});

	test('lists at most 20', async () => {
		const many = Array.from({ length: 30 }, (_, index) => ({ iid: index + 1, title: 'x' }));
		const { deployment } = await complete({
			scenario: {
				...withoutReference,
				mergeRequests: many,
				deployments: [{ id: 2, environment: 'production', job: 903, mergeRequests: many.map(({ iid }) => iid) }],
			},
			deployment: noReference,
		});
		assert.deepEqual([deployment.pullRequest, deployment.mergeRequests.length], [undefined, 20]);
	});

	test('comes from the commit if the deployment does not list one', async () => {
		const { deployment, refusals } = await complete({
			scenario: { ...withoutReference, mergeRequests: [{ iid: 9, title: 'x', state: 'opened', sha }, merged] },
			deployment: noReference,
		});
		assert.deepEqual([deployment.pullRequest?.number, deployment.mergeRequests, refusals], ['12', [], []]);
	});

	test('is not requested in a merge request pipeline', async () => {
		const { endpoints } = await complete({
			scenario: withoutReference,
			deployment: { ...noReference, pullRequest: { number: '7', url: undefined } },
			query: { isMergeRequestPipeline: true },
		});
		assert.deepEqual(endpoints.toSorted(), ['commit', 'deployments', 'jobs']);
	});
});

suite('completeDeployment for the deploy job itself', () => {
	const running: Partial<DeploymentQuery> = { deployJob: { kind: 'running', id: '903', name: 'deploy' } };
	const ownKey = { parts: ['gitlab', 'host', '4711', 'job', '903'], hasJobId: true };

	test('requests the message and the previous deployment, not its own outcome', async () => {
		const started = {
			url: undefined,
			startedAt: job.startedAt ?? undefined,
			finishedAt: undefined,
			durationSeconds: undefined,
		};
		const { deployment, endpoints, refusals } = await complete({
			scenario: withJobs({ status: 'running', finishedAt: null }),
			deployment: { outcome: 'failed', key: ownKey, job: started },
			query: running,
		});
		assert.deepEqual(endpoints.toSorted(), ['commit', 'deployments']);
		assert.deepEqual([deployment.outcome, deployment.key, deployment.job], ['failed', ownKey, started]);
		assert.deepEqual(
			[deployment.previous?.sha, deployment.commit.message?.split('\n')[0]],
			[oldSha, 'Sell shoes for $5'],
		);
		assert.deepEqual(refusals, []);
	});

	test('requests the merge request by the commit, at once with the rest', async () => {
		const { deployment, endpoints } = await complete({
			scenario: {
				...scenario,
				commits: [{ sha, message: 'Sell shoes' }],
				mergeRequests: [{ iid: 12, title: 'x', squashCommitSha: sha }],
			},
			deployment: { pullRequest: undefined },
			query: running,
		});
		assert.equal(deployment.pullRequest?.number, '12');
		assert.deepEqual(endpoints.toSorted(), ['commit', 'commit merge requests', 'deployments']);
	});
});

suite('A lookup that GitLab does not answer', () => {
	type Prepare = NonNullable<Case['prepare']>;
	const everywhere = (
		...fault: Parameters<GitlabStandIn['fail']> extends [unknown, infer Fault] ? [Fault] : never
	): Prepare => {
		return (gitlab) => gitlab.fail('everything', ...fault);
	};
	const html = { text: '<!DOCTYPE html><title>Sign in</title>', type: 'text/html' };
	const rows: readonly (readonly [title: string, prepare: Prepare, reason: RegExp])[] = [
		['401', everywhere({ kind: 'status', status: 401 }), /^401 \(Unauthorized\)$/],
		['403', everywhere({ kind: 'status', status: 403 }), /^403 \(Forbidden\)$/],
		['404', everywhere({ kind: 'status', status: 404 }), /^404 \(Not Found\)$/],
		['429', everywhere({ kind: 'status', status: 429 }), /^429 \(Too Many Requests\)$/],
		['502', everywhere({ kind: 'status', status: 502, body: html }), /^502$/],
		[
			'a sign-in page',
			everywhere({ kind: 'status', status: 200, body: html }),
			/^the response is not JSON: "<!DOCTYPE html>/,
		],
		['a redirect', everywhere({ kind: 'redirect', to: 'itself' }), /^302 \(a redirect, which is not followed\)$/],
		[
			'another shape',
			everywhere({ kind: 'status', status: 200, body: { json: { data: [1] } } }),
			/^the response has an unknown format$/,
		],
		[
			'a list of another shape',
			everywhere({ kind: 'status', status: 200, body: { json: [{ id: 'x' }] } }),
			/^the response has an unknown format$/,
		],
		[
			'a response of 32 MiB',
			everywhere({ kind: 'status', status: 200, body: 'huge' }),
			/^the response is longer than 8 MiB$/,
		],
		['silence', everywhere({ kind: 'silence' }), /^no complete response within 0.5 s$/],
		['a reset connection', everywhere({ kind: 'reset', when: 'before' }), /^the connection broke \(ECONNRESET\)$/],
	];
	for (const [title, prepare, reason] of rows) {
		test(`leaves the deployment as it is after ${title}, with one line for each question`, async () => {
			const result = await complete({ prepare, requestMs: title === 'silence' ? 500 : 10_000 });
			assert.deepEqual(result.deployment, fromVariables);
			assert.equal(result.found.size, 0);
			assert.deepEqual(
				result.refusals.map((line) => line.replace(/^(GitLab lookup of [a-z ]+): .*; ([^;]*)$/, '$1; $2')),
				[
					'GitLab lookup of the deploy job; the outcome is assumed from the pipeline',
					'GitLab lookup of the commit message; git or CI_COMMIT_MESSAGE is used',
					'GitLab lookup of the previous deployment; the change is recorded without it',
				],
			);
			for (const line of result.refusals)
				assert.match(/^GitLab lookup of [a-z ]+: (.*); [^;]*$/.exec(line)?.[1] ?? '', reason);
			assert.ok(!JSON.stringify(result.refusals).includes(result.gitlab.jobToken));
		});
	}

	test('ends after the time for all lookups', async () => {
		const { refusals } = await complete({
			prepare: (gitlab) => gitlab.fail('everything', { kind: 'silence' }),
			deployment: { pullRequest: undefined },
			totalMs: 300,
		});
		assert.match(refusals.at(-1) ?? '', /^GitLab lookup of the merge request: no complete response within 0\.\d s; /);
	});

	test('is reported without a request if the time for all lookups is used up', async () => {
		const { refusals, endpoints } = await complete({ totalMs: 0 });
		assert.deepEqual(endpoints, []);
		assert.match(refusals[0] ?? '', /^GitLab lookup of the deploy job: the 0 s for all lookups are used up; /);
	});

	test('does not prevent the other lookups', async () => {
		const { deployment, refusals } = await complete({
			prepare: (gitlab) => gitlab.fail('deployments', { kind: 'status', status: 500 }),
		});
		assert.deepEqual(
			[deployment.outcome, deployment.job?.durationSeconds, deployment.previous],
			['success', 42, undefined],
		);
		assert.deepEqual(refusals, [
			'GitLab lookup of the previous deployment: 500 (Internal Server Error); the change is recorded without it',
		]);
	});

	test('is reported for a pipeline without that job', async () => {
		const { refusals } = await complete({ query: { deployJob: { kind: 'separate', name: 'depoly' } } });
		assert.deepEqual(refusals, [
			'GitLab lookup of the deploy job: pipeline 81 has no job "depoly"; the outcome is assumed from the pipeline',
		]);
	});

	test('sends any sha as one part of the address', async () => {
		const commit = { ...fromVariables.commit, sha: '%/../..' };
		const { gitlab } = await complete({ deployment: { commit, pullRequest: undefined } });
		const paths = gitlab.requests.map(({ path }) => path).filter((path) => path.includes('/commits/'));
		assert.equal(paths.length, 2);
		for (const path of paths) assert.match(path, /\/commits\/%25%2F\.\.%2F\.\.(\/|$)/);
	});
});
