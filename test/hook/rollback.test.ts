import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { after, suite, test } from 'node:test';
import { certificates } from '../../stand-in/certificates.ts';
import { LoopbackServer } from '../../stand-in/loopback-server.ts';
import { runHook, shellOf } from '../support/run-hook.ts';
import { gitlabJob } from '../support/run-in-process.ts';
import { Toolbox, whyWithoutTools } from '../support/toolbox.ts';

const tls = await certificates();
const current = gitlabJob.CI_COMMIT_SHA;
const other = 'ffffffffffffffffffffffffffffffffffffffff';
const deployed = { change_type: 'deployment', summary: 'Deployed web-shop @ 5b1e7d20' };
const rolledBack = { change_type: 'rollback', summary: 'Rolled back web-shop to 5b1e7d20' };

// Newest first, as GitLab lists them. `!` marks the job's own deployment, `name:` that of another job.
const histories: readonly (readonly [string, string[], object])[] = [
	['the first deployment', [], deployed],
	['a new commit', [other, other], deployed],
	['a commit that was deployed before another one', [other, current], rolledBack],
	['a commit that was deployed long before', [other, other, other, current], rolledBack],
	['the commit that was deployed last', [current, other], deployed],
	['the commit that this job deploys', [`!${current}`, other], deployed],
	['a commit that only another job deployed', [`cart:${current}`, other], deployed],
	['the first deployment by this job', [`cart:${other}`, `cart:${current}`], deployed],
	['a rollback by this job between those of others', [`cart:${current}`, other, `cart:${other}`, current], rolledBack],
	['a deployment without a job', [`-:${other}`, `-:${current}`], deployed],
	["deployments without a job by a user with the job's name", [`-:${other}`, `-:${other}`, current], deployed],
];

suite('a rollback', { concurrency: 2, skip: whyWithoutTools }, () => {
	for (const [turn, kind] of (['curl and gawk', 'GNU wget and mawk'] as const).entries()) {
		suite(`with ${kind}`, { concurrency: 1 }, () => {
			const toolbox = new Toolbox(kind);
			after(() => toolbox[Symbol.dispose]());

			for (const [title, history, expected] of histories.filter((_, index) => index % 2 === turn)) {
				test(`is detected from GitLab's deployments: ${title}`, async () => {
					await using gitlab = await startGitlab(200, history.map(describeDeployment));
					assert.deepEqual(await dryRun(gitlab.url), expected);
					const [request] = gitlab.requests;
					assert.equal(request?.headers['job-token'], gitlabJob.CI_JOB_TOKEN);
					const query = 'status=success&order_by=id&sort=desc&per_page=100&environment=review/%C3%A9%20x';
					assert.equal(request?.url, `/api/v4/projects/4711/deployments?${query}`);
					assert.equal(gitlab.requests.length, 1);
				});
			}

			test("is detected at a GitLab whose certificate the job's own authority signed, named by any variable", async () => {
				for (const name of ['CI_SERVER_TLS_CA_FILE', 'NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE']) {
					await using gitlab = await startGitlab(200, [other, current].map(describeDeployment), tls.good);
					assert.deepEqual(await dryRun(gitlab.url, { [name]: tls.caFile }), rolledBack, name);
				}
			});

			test("is asked for without a proxy if GitLab's address is http, as the command does", async () => {
				await using gitlab = await startGitlab(200, [other, current].map(describeDeployment));
				await using proxy = await startGitlab(502, '');
				const proxies = { http_proxy: proxy.url, all_proxy: proxy.url, ALL_PROXY: proxy.url, no_proxy: '' };
				assert.deepEqual(await dryRun(gitlab.url, proxies), rolledBack);
				assert.deepEqual(proxy.requests, []);
			});

			test('that failed is recorded as a failed rollback', async () => {
				await using gitlab = await startGitlab(200, [other, current].map(describeDeployment));
				const failed = { CI_JOB_STATUS: 'failed', ALERT24_RECORD_FAILURES: 'true' };
				assert.equal((await dryRun(gitlab.url, failed)).summary, 'Failed to roll back web-shop to 5b1e7d20');
			});

			test('is a deployment if GitLab responds in any other way', async () => {
				for (const [status, body] of [
					[401, { message: '401 Unauthorized' }],
					[404, [other, current].map(describeDeployment)],
					[500, '<html>'],
					[200, { message: 'no list' }],
					[200, [{ sha: other }, { status: 'success' }, null, 5]],
					[200, `[{"sha":"${other}","deployable":{"id":1,"name":"deploy-search`],
					[302, ''],
				] as const) {
					await using gitlab = await startGitlab(status, body);
					const { change_type } = await dryRun(gitlab.url);
					assert.equal(change_type, 'deployment', String(status));
				}
			});

			test('costs two seconds if GitLab does not answer', async () => {
				await using silent = await startGitlab(undefined, '');
				const startedAtMs = performance.now();
				assert.deepEqual(await dryRun(silent.url), deployed);
				assert.ok(performance.now() - startedAtMs < 30_000);
			});

			test('is not looked up if the type is set, lookups are off, or the job is not the deploy job', async () => {
				await using gitlab = await startGitlab(200, [other, current].map(describeDeployment));
				for (const variables of [
					{ ALERT24_CHANGE_TYPE: 'deployment' },
					{ ALERT24_LOOKUP: 'never' },
					{ ALERT24_DEPLOY_JOB: 'deploy' },
					{ CI_JOB_TOKEN: '' },
				]) {
					assert.equal((await dryRun(gitlab.url, variables)).change_type, 'deployment');
				}
				assert.deepEqual(gitlab.requests, []);
			});

			async function dryRun(url: string, more: Record<string, string> = {}) {
				const variables = {
					...gitlabJob,
					CI_API_V4_URL: `${url}/api/v4`,
					CI_ENVIRONMENT_NAME: 'review/é x',
					CI_JOB_NAME: 'deploy-search',
					ALERT24_DRY_RUN: 'true',
					...more,
				};
				const { stdout, stderr } = await runHook(variables, { shell: shellOf[kind], path: toolbox.path });
				assert.equal(stderr, '');
				const { change_type, summary } = JSON.parse(stdout);
				return { change_type, summary };
			}
		});
	}
});

// Like GitLab's, with the texts and ids of other objects around those that count.
function describeDeployment(text: string) {
	const sha = text.replace(/^(!|.*:)/, '');
	const [, job = 'deploy-search'] = /^(.*):/.exec(text) ?? [];
	const title = `"deployable":{"id":1,"name":"deploy-search"},"sha":"${current}",`;
	const commit = { id: sha, short_id: sha.slice(0, 8), title };
	const id = text.startsWith('!') ? Number(gitlabJob.CI_JOB_ID) : 17;
	const environment = { id: 9, name: 'review/é x', external_url: null };
	const pipeline = { id: Number(gitlabJob.CI_JOB_ID), sha };
	const deployable = { id, status: 'success', stage: 'deploy', name: job, ref: 'main', commit, pipeline };
	return {
		id: 42,
		iid: 2,
		ref: 'main',
		sha,
		user: { id: 1, name: 'deploy-search' },
		environment,
		deployable: job === '-' ? null : deployable,
		status: 'success',
	};
}

/** A GitLab that responds to every request alike; without a status it never responds. */
async function startGitlab(status: number | undefined, body: unknown, tlsOptions?: typeof tls.good) {
	const requests: IncomingMessage[] = [];
	const respond = (request: IncomingMessage, response: ServerResponse) => {
		requests.push(request);
		if (status === undefined) return;
		response.writeHead(status, { 'Content-Type': 'application/json', Location: '/elsewhere' });
		response.end(typeof body === 'string' ? body : JSON.stringify(body));
	};
	const server = tlsOptions === undefined ? createServer(respond) : createHttpsServer(tlsOptions, respond);
	const listening = await LoopbackServer.listen(server);
	return {
		url: `${tlsOptions === undefined ? 'http' : 'https'}://127.0.0.1:${listening.port}`,
		requests,
		[Symbol.asyncDispose]: () => listening.close(),
	};
}
