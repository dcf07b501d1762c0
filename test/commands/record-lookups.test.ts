import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import { systemClock } from '../../src/delivery/clock.ts';
import type { SentChange } from '../../stand-in/alert24-api.ts';
import { startAlert24 } from '../../stand-in/alert24-stand-in.ts';
import { certificates } from '../../stand-in/certificates.ts';
import type { GitlabScenario, ScenarioJob } from '../../stand-in/gitlab-scenario.ts';
import { type GitlabOptions, type GitlabStandIn, startGitlab } from '../../stand-in/gitlab-stand-in.ts';
import { startHttpProxy } from '../../stand-in/http-proxy.ts';
import { gitlabJob, type RunResult, runInProcess } from '../support/run-in-process.ts';

const sha = gitlabJob.CI_COMMIT_SHA;
const job: ScenarioJob = {
	id: 903300,
	pipeline: 81234,
	name: 'deploy',
	sha,
	startedAt: '2026-11-20T10:00:00.000Z',
	finishedAt: '2026-11-20T10:00:42.000Z',
	user: 'grace',
};
const password = 'correct-horse';
const directory = mkdtempSync(join(tmpdir(), 'alert24-lookups-'));
after(() => rmSync(directory, { recursive: true }));

type Given = Readonly<{
	job?: Partial<ScenarioJob>;
	message?: string;
	variables?: Record<string, string>;
	argv?: readonly string[];
	options?: GitlabOptions;
	prepare?: (gitlab: GitlabStandIn) => void;
	/** The message in the clone of the job. */
	gitMessage?: string;
	/** The time of the run. */
	at?: string;
}>;

type Recorded = RunResult & Readonly<{ changes: readonly SentChange[]; gitlab: GitlabStandIn }>;

/**
 * Runs the separate job of the component notify after the deploy job. Every run has secrets, which no output may
 * contain.
 */
async function record(given: Given = {}): Promise<Recorded> {
	const ended = { ...job, ...given.job };
	const scenario: GitlabScenario = {
		project: { id: 4711, path: 'shop/web-shop' },
		commits: [{ sha, message: given.message ?? 'Sort the basket by $DB_PASSWORD\n' }],
		jobs: [ended],
		deployments: [{ id: 5, environment: 'production', job: ended.id }],
	};
	await using alert24 = await startAlert24();
	await using gitlab = await startGitlab(scenario, given.options);
	given.prepare?.(gitlab);
	const variables: Record<string, string> = {
		...gitlabJob,
		...gitlab.variables,
		CI_PROJECT_NAME: gitlabJob.CI_PROJECT_NAME,
		CI_PROJECT_DIR: '/builds/shop/web-shop',
		CI_COMMIT_MESSAGE: `Sort the basket by ${password}`,
		DB_PASSWORD: password,
		ALERT24_API_KEY: alert24.apiKey,
		ALERT24_API_URL: alert24.url,
		ALERT24_ENVIRONMENT: 'production',
		ALERT24_DEPLOY_JOB: 'deploy',
		ALERT24_UNDELIVERED_DIR: join(directory, 'undelivered'),
		...given.variables,
	};
	const commit = given.gitMessage === undefined ? undefined : { sha, message: given.gitMessage };
	const clock = { ...systemClock, date: () => Date.parse(given.at ?? '2026-11-20T10:01:00Z') };
	const result = await runInProcess(given.argv ?? [], variables, { clock, readCommit: () => Promise.resolve(commit) });
	const output = `${result.stdout}${result.stderr}${JSON.stringify(alert24.sentChanges)}`;
	for (const secret of [gitlab.jobToken, alert24.apiKey, password]) assert.ok(!output.includes(secret), output);
	for (const { headers } of gitlab.requests) assert.equal(headers.authorization, undefined);
	for (const { headers } of alert24.requests) assert.equal(headers['job-token'], undefined);
	return { ...result, changes: alert24.sentChanges, gitlab };
}

suite('The outcome that notify records', () => {
	test('is the success that GitLab reports, with the key of the deploy job', async () => {
		const { changes, stderr, exitCode, gitlab } = await record();
		const [change, ...others] = changes;
		assert.deepEqual([exitCode, stderr, others], [0, '', []]);
		assert.deepEqual(change, {
			summary: 'Deployed web-shop @ 5b1e7d20',
			change_type: 'deployment',
			description: [
				`Job: ${gitlab.url}/shop/web-shop/-/jobs/903300`,
				'Started: 2026-11-20T10:00:00.000Z',
				'Finished: 2026-11-20T10:00:42.000Z',
				'Duration: 42 s',
				'First deployment to this environment',
			].join('\n'),
			source: 'gitlab-ci',
			commit_sha: sha,
			commit_message: 'Sort the basket by $DB_PASSWORD',
			branch: 'main',
			pipeline_url: 'https://gitlab.com/shop/web-shop/-/pipelines/81234',
			environment: 'production',
			changed_by: 'grace',
			external_id: `gitlab:${gitlab.host}:4711:job:903300:production`,
			tags: ['gitlab', 'production'],
		});
	});

	const failed = { status: 'failed', allowFailure: true, failureReason: 'script_failure' };

	test('states when the deployment ended if notify runs more than 15 minutes later', async () => {
		const [change] = (await record({ at: '2026-11-20T10:17:00Z' })).changes;
		assert.match(
			String(change?.['description']),
			/\nRecorded later; the deployment ended at 2026-11-20T10:00:42.000Z$/,
		);
		assert.deepEqual(change?.['tags'], ['gitlab', 'production', 'recorded-late']);
	});

	test('is a failure although the job is allowed to fail', async () => {
		const { changes, exitCode } = await record({ job: failed, variables: { ALERT24_RECORD_FAILURES: 'true' } });
		assert.equal(exitCode, 0);
		assert.deepEqual(
			changes.map(({ summary, risk_level, tags }) => ({ summary, risk_level, tags })),
			[
				{
					summary: 'Failed to deploy web-shop @ 5b1e7d20',
					risk_level: 'high',
					tags: ['gitlab', 'production', 'failed'],
				},
			],
		);
	});

	test('is not recorded for a failure without record_failures', async () => {
		const { changes, stdout, exitCode } = await record({ job: failed });
		assert.deepEqual([changes, exitCode], [[], 0]);
		assert.match(stdout, /^Not recorded: the deployment failed; set ALERT24_RECORD_FAILURES=true/);
	});

	test('is a timeout if the failure job of notify assumed a failure', async () => {
		const { changes } = await record({
			job: { ...failed, failureReason: 'job_execution_timeout' },
			variables: { ALERT24_RECORD_FAILURES: 'true', ALERT24_ASSUMED_STATUS: 'failed' },
		});
		assert.equal(changes[0]?.summary, 'Timed out deploying web-shop @ 5b1e7d20');
	});

	test('is not recorded for a job that did not start', async () => {
		const { changes, stdout, exitCode } = await record({
			job: { ...failed, startedAt: null, failureReason: 'failed_outdated_deployment_job' },
			variables: { ALERT24_RECORD_FAILURES: 'true', ALERT24_ASSUMED_STATUS: 'failed' },
		});
		assert.deepEqual([changes, exitCode], [[], 0]);
		assert.equal(
			stdout,
			'Not recorded: nothing was deployed: the job "deploy" did not start, because a newer deployment exists (failed_outdated_deployment_job)\n',
		);
	});

	test('is the status set by hand, whatever GitLab reports', async () => {
		const { changes } = await record({ variables: { ALERT24_STATUS: 'failed', ALERT24_RECORD_FAILURES: 'true' } });
		assert.equal(changes[0]?.summary, 'Failed to deploy web-shop @ 5b1e7d20');
	});

	for (const [assumed, summary] of [
		[undefined, 'Deployed web-shop @ 5b1e7d20'],
		['failed', 'Failed to deploy web-shop @ 5b1e7d20'],
	] as const) {
		test(`is assumed to be ${assumed ?? 'success'} if GitLab does not answer, and one line reports it`, async () => {
			const { changes, stderr, gitlab } = await record({
				job: failed,
				variables: { ALERT24_RECORD_FAILURES: 'true', ...(assumed && { ALERT24_ASSUMED_STATUS: assumed }) },
				prepare: (standIn) => {
					for (const endpoint of ['jobs', 'deployments'] as const)
						standIn.fail(endpoint, { kind: 'status', status: 403 });
				},
			});
			assert.equal(changes[0]?.summary, summary);
			assert.equal(
				changes[0]?.external_id,
				`gitlab:${gitlab.host}:4711:pipeline:81234:deploy:${assumed ?? 'success'}:production`,
			);
			assert.equal(
				stderr,
				[
					'alert24-notify: GitLab lookup of the deploy job: 403 (Forbidden); the outcome is assumed from the pipeline',
					'alert24-notify: GitLab lookup of the previous deployment: 403 (Forbidden); the change is recorded without it',
					'',
				].join('\n'),
			);
		});
	}

	test('is assumed without a request if ALERT24_LOOKUP is never', async () => {
		const { changes, stderr, gitlab } = await record({ job: failed, variables: { ALERT24_LOOKUP: 'never' } });
		assert.deepEqual([changes[0]?.summary, stderr, gitlab.requests], ['Deployed web-shop @ 5b1e7d20', '', []]);
	});

	test('is assumed if the job has no token, and one line reports it', async () => {
		const { changes, stderr } = await record({ variables: { CI_JOB_TOKEN: '' } });
		assert.equal(changes.length, 1);
		assert.equal(
			stderr,
			'alert24-notify: GitLab lookups: CI_JOB_TOKEN is not set; the outcome is assumed from the pipeline\n',
		);
	});
});

suite('The commit message that is recorded', () => {
	const refuseCommit = (gitlab: GitlabStandIn) => gitlab.fail('commit', { kind: 'status', status: 404 });

	test('comes from git if GitLab does not answer', async () => {
		const { changes } = await record({
			prepare: refuseCommit,
			gitMessage: 'Sort by $DB_PASSWORD, see (!7)\n\nSee merge request !8\n',
		});
		assert.equal(changes[0]?.['commit_message'], 'Sort by $DB_PASSWORD, see (!7)\n\nSee merge request !8');
		assert.equal(changes[0]?.['pr_number'], '8');
	});

	test('comes from git with ALERT24_LOOKUP=never', async () => {
		const { changes } = await record({ variables: { ALERT24_LOOKUP: 'never' }, gitMessage: 'Sort by $DB_PASSWORD\n' });
		assert.equal(changes[0]?.['commit_message'], 'Sort by $DB_PASSWORD');
	});

	test('contains no value of another variable if CI_COMMIT_MESSAGE is the only source', async () => {
		const { changes, stderr } = await record({
			prepare: refuseCommit,
			variables: { CI_COMMIT_BRANCH: `rename-${password}`, CI_COMMIT_TAG: `v1-${password}` },
		});
		const { commit_message: message, branch, tags, summary } = changes[0] ?? { summary: '' };
		assert.deepEqual(
			[message, branch, tags, summary],
			[
				'Sort the basket by [redacted]',
				'rename-[redacted]',
				['gitlab', 'production', 'v1-[redacted]'],
				'Deployed web-shop v1-[redacted] @ 5b1e7d20',
			],
		);
		assert.match(stderr, /GitLab lookup of the commit message: 404 \(Not Found\); git or CI_COMMIT_MESSAGE is used\n/);
	});

	test('stays whole if it contains no such value', async () => {
		const variables = { DEPLOY_TARGET: 'production', CI_COMMIT_MESSAGE: 'deploy to production' };
		const { changes } = await record({ prepare: refuseCommit, variables });
		assert.equal(changes[0]?.['commit_message'], 'deploy to production');
	});
});

suite('A job that deploys itself', () => {
	test('keeps its own outcome and key, and gets the exact message', async () => {
		const { changes, gitlab } = await record({
			job: { id: 903311, status: 'running', finishedAt: null },
			variables: {
				ALERT24_DEPLOY_JOB: '',
				CI_JOB_STATUS: 'failed',
				CI_JOB_NAME: 'deploy',
				ALERT24_RECORD_FAILURES: 'true',
			},
		});
		assert.equal(changes[0]?.summary, 'Failed to deploy web-shop @ 5b1e7d20');
		assert.equal(changes[0]?.['external_id'], `gitlab:${gitlab.host}:4711:job:903311:production`);
		assert.equal(changes[0]?.['commit_message'], 'Sort the basket by $DB_PASSWORD');
		assert.deepEqual(gitlab.endpoints.toSorted(), ['commit', 'commit merge requests', 'deployments']);
	});
});

suite('The merge requests that notify records', () => {
	test('are all that the deployment shipped, if the message names none', async () => {
		const { changes, gitlab, stderr } = await record({
			prepare: (standIn) => {
				const [deployment] = standIn.scenario.deployments ?? [];
				assert.ok(deployment);
				standIn.scenario = {
					...standIn.scenario,
					mergeRequests: [
						{ iid: 12, title: 'Sort the basket', squashCommitSha: sha },
						{ iid: 13, title: 'Sell hats' },
					],
					deployments: [{ ...deployment, mergeRequests: [12, 13] }],
				};
			},
			variables: { CI_PIPELINE_CREATED_AT: '2026-11-20T09:50:00Z' },
		});
		assert.deepEqual(
			[changes[0]?.['pr_number'], changes[0]?.['pr_url'], stderr],
			['12', `${gitlab.url}/shop/web-shop/-/merge_requests/12`, ''],
		);
		assert.match(String(changes[0]?.['description']), /^Merge requests: !12, !13$/m);
	});
});

suite('A dry run with --verbose', () => {
	async function findOrigins(given: Given): Promise<Record<string, string>> {
		const { stderr } = await record({ argv: ['--dry-run', '--verbose'], ...given });
		const lines = stderr.matchAll(/^alert24-notify: (\w+): from (.*)$/gm);
		return Object.fromEntries([...lines].map(([, field = '', origin = '']) => [field, origin]));
	}

	test('names the settings that a name and an outcome come from', async () => {
		const outcome = { ALERT24_RECORD_FAILURES: 'true', ALERT24_STATUS: 'failed' };
		const { summary, risk_level, tags, external_id } = await findOrigins({
			variables: { ...outcome, ALERT24_NAME: 'Cart' },
		});
		assert.deepEqual(
			{ summary, risk_level, tags, external_id },
			{
				summary: 'setting, variables of the job, GitLab API',
				risk_level: 'setting',
				tags: 'setting, variables of the job',
				external_id: 'variables of the job, GitLab API',
			},
		);
	});

	test('names the assumed outcome a setting until GitLab reports the outcome', async () => {
		const variables = { ALERT24_RECORD_FAILURES: 'true', ALERT24_ASSUMED_STATUS: 'failed' };
		const reported = await findOrigins({ variables, job: { status: 'failed' } });
		assert.deepEqual([reported['summary'], reported['risk_level']], ['variables of the job, GitLab API', 'GitLab API']);
		const assumed = await findOrigins({ variables: { ...variables, ALERT24_LOOKUP: 'never' } });
		assert.deepEqual([assumed['summary'], assumed['risk_level']], ['setting, variables of the job', 'setting']);
	});

	test('names the variables for the merge request of a merge request pipeline', async () => {
		const variables = { CI_MERGE_REQUEST_IID: '12' };
		for (const given of [
			{ message: 'See merge request !7' },
			{ gitMessage: 'x', variables: { ALERT24_LOOKUP: 'never' } },
		]) {
			const origins = await findOrigins({ ...given, variables: { ...variables, ...given.variables } });
			assert.deepEqual([origins['pr_number'], origins['pr_url']], ['variables of the job', 'variables of the job']);
		}
	});

	test('prints the change, and the origin of each field on stderr', async () => {
		const { stdout, stderr } = await record({
			argv: ['--dry-run', '--verbose'],
			message: 'Sort\n\nSee merge request !12\n',
			variables: { ALERT24_SERVICE_ID: 'svc_shop', ALERT24_RISK_LEVEL: 'low', ALERT24_TAGS: 'web' },
		});
		assert.equal(JSON.parse(stdout).pr_number, '12');
		const origins = [...stderr.matchAll(/^alert24-notify: (\w+): (from .*)$/gm)].map(([, field, origin]) => [
			field,
			origin,
		]);
		assert.deepEqual(Object.fromEntries(origins), {
			summary: 'from variables of the job, GitLab API',
			service_id: 'from setting',
			change_type: 'from GitLab API',
			description: 'from variables of the job, GitLab API',
			source: 'from variables of the job',
			commit_sha: 'from variables of the job',
			commit_message: 'from GitLab API',
			branch: 'from variables of the job',
			pr_number: 'from GitLab API',
			pr_url: 'from GitLab API',
			pipeline_url: 'from variables of the job',
			environment: 'from setting',
			risk_level: 'from setting',
			changed_by: 'from GitLab API',
			external_id: 'from variables of the job, GitLab API',
			tags: 'from setting, variables of the job, GitLab API',
		});
	});
});

suite('A notify job that runs again', () => {
	const withAnswer = {};
	const withoutAnswer = { ALERT24_LOOKUP: 'never' };
	const success = 'pipeline:81234:deploy:success:production';

	/** Returns the external ids of the records of two runs, without the host. */
	async function recordTwice(
		first: Readonly<Record<string, string>>,
		second: Readonly<Record<string, string>>,
		deployJob: Partial<ScenarioJob> = {},
		more: Readonly<Record<string, string>> = {},
	): Promise<string[]> {
		const jobs = [{ ...job, ...deployJob }];
		await using alert24 = await startAlert24();
		await using gitlab = await startGitlab({ project: { id: 4711, path: 'shop/web-shop' }, jobs });
		for (const run of [first, second]) {
			const { exitCode, stderr } = await runInProcess([], {
				...gitlabJob,
				...gitlab.variables,
				ALERT24_API_KEY: alert24.apiKey,
				ALERT24_API_URL: alert24.url,
				ALERT24_ENVIRONMENT: 'production',
				ALERT24_DEPLOY_JOB: 'deploy',
				ALERT24_DEDUPE: 'always',
				ALERT24_RECORD_FAILURES: 'true',
				ALERT24_UNDELIVERED_DIR: join(directory, 'again'),
				...more,
				...run,
			});
			assert.equal(exitCode, 0, stderr);
		}
		return alert24.changes.map(({ external_id: id }) => String(id).replace(`gitlab:${gitlab.host}:4711:`, ''));
	}

	test('finds the record of a run without an answer of GitLab', async () => {
		assert.deepEqual(await recordTwice(withoutAnswer, withAnswer), [success]);
	});

	test('finds it for each of several services', async () => {
		const services = { ALERT24_SERVICE_ID: 'svc_a, svc_b' };
		const ids = await recordTwice(withoutAnswer, withAnswer, {}, services);
		assert.deepEqual(ids.toSorted(), [`${success}:svc_a`, `${success}:svc_b`]);
	});

	test('finds a timeout that was recorded as a failure', async () => {
		const timeout = { status: 'failed', failureReason: 'job_execution_timeout' };
		const assumed = { ALERT24_ASSUMED_STATUS: 'failed' };
		assert.deepEqual(await recordTwice(withoutAnswer, withAnswer, timeout, assumed), [
			'pipeline:81234:deploy:failed:production',
		]);
	});

	test('records a failure that was recorded as a success', async () => {
		assert.deepEqual(await recordTwice(withoutAnswer, withAnswer, { status: 'failed', allowFailure: true }), [
			success,
			'job:903300:production',
		]);
	});

	test('records a deploy job that started after the record', async () => {
		const startedAt = new Date(Date.now() + 60_000).toISOString();
		assert.deepEqual(await recordTwice(withoutAnswer, withAnswer, { startedAt }), [success, 'job:903300:production']);
	});

	test('does not find the record of a run with an answer if GitLab does not answer again', async () => {
		assert.deepEqual(await recordTwice(withAnswer, withoutAnswer), ['job:903300:production', success]);
	});
});

suite('The time of the lookups', () => {
	test('is at most half of ALERT24_TIMEOUT', async () => {
		const { changes, stderr } = await record({
			prepare: (gitlab) => gitlab.fail('everything', { kind: 'silence' }),
			variables: { ALERT24_TIMEOUT: '3.5' },
		});
		assert.equal(changes.length, 1);
		assert.match(stderr, /GitLab lookup of the deploy job: no complete response within 1\.[78]\d* s/);
	});
});

suite('A self-managed GitLab', () => {
	/** Records behind a proxy, from a GitLab whose certificate a private authority signed. */
	async function recordBehindProxy(
		caVariable: string | undefined,
		certificate: 'good' | 'wrongHost' = 'good',
		otherVariables: Record<string, string> = {},
	) {
		const { caFile, [certificate]: tls } = await certificates('gitlab.example.com');
		const routes: Record<string, number> = {};
		await using proxy = await startHttpProxy({ routes });
		const variables: Record<string, string> = {
			HTTPS_PROXY: proxy.url,
			...otherVariables,
			...(caVariable && { [caVariable]: caFile }),
		};
		const recorded = await record({
			options: { tls },
			prepare: (gitlab) => {
				routes['gitlab.example.com:443'] = gitlab.port;
				variables['CI_API_V4_URL'] = `https://gitlab.example.com${new URL(gitlab.url).pathname}/api/v4`;
			},
			variables,
		});
		return { ...recorded, proxy };
	}

	for (const caVariable of ['SSL_CERT_FILE', 'CI_SERVER_TLS_CA_FILE']) {
		test(`answers through the proxy, with the private CA of ${caVariable}`, async () => {
			const { changes, stderr, proxy, gitlab } = await recordBehindProxy(caVariable);
			assert.equal(stderr, '');
			assert.equal(changes[0]?.['external_id'], `gitlab:${gitlab.host}:4711:job:903300:production`);
			assert.ok(proxy.requests.every(({ target }) => target === 'gitlab.example.com:443'));
			assert.ok(proxy.requests.every(({ headers }) => headers['job-token'] === undefined));
		});
	}

	test('answers with the CA of CI_SERVER_TLS_CA_FILE if SSL_CERT_FILE contains another CA', async () => {
		const { caFile } = await certificates('proxy.example.com');
		const { changes, stderr, gitlab } = await recordBehindProxy('CI_SERVER_TLS_CA_FILE', 'good', {
			SSL_CERT_FILE: caFile,
		});
		assert.equal(stderr, '');
		assert.equal(changes[0]?.['external_id'], `gitlab:${gitlab.host}:4711:job:903300:production`);
	});

	test('answers with the CA of CI_SERVER_TLS_CA_FILE if the file of SSL_CERT_FILE does not exist', async () => {
		const { changes, gitlab } = await recordBehindProxy('CI_SERVER_TLS_CA_FILE', 'good', {
			SSL_CERT_FILE: join(directory, 'absent.pem'),
		});
		assert.equal(changes[0]?.['external_id'], `gitlab:${gitlab.host}:4711:job:903300:production`);
	});

	test('receives no token if its certificate is not trusted', async () => {
		const { changes, stderr, gitlab } = await recordBehindProxy(undefined);
		assert.equal(changes.length, 1);
		assert.deepEqual(gitlab.requests, []);
		assert.match(stderr, /GitLab lookup of the deploy job: the server's certificate is not trusted/);
	});

	test('receives no token if its certificate is for another host', async () => {
		const { stderr, gitlab } = await recordBehindProxy('SSL_CERT_FILE', 'wrongHost');
		assert.deepEqual(gitlab.requests, []);
		const flaw = "the server's certificate is for another host: check CI_API_V4_URL (ERR_TLS_CERT_ALTNAME_INVALID)";
		assert.ok(stderr.includes(`GitLab lookup of the deploy job: ${flaw}; `), stderr);
	});
});
