import assert from 'node:assert/strict';
import { createServer, type IncomingMessage } from 'node:http';
import { after, describe, it } from 'node:test';
import { LoopbackServer } from '../../stand-in/loopback-server.ts';
import { runHook, type Shell } from '../support/run-hook.ts';
import { gitlabJob } from '../support/run-in-process.ts';
import { Toolbox, type ToolboxKind, whyWithoutTools } from '../support/toolbox.ts';

const current = gitlabJob.CI_COMMIT_SHA;
const other = 'ffffffffffffffffffffffffffffffffffffffff';
const rolledBack = {
	change_type: 'rollback',
	summary: 'Rolled back web-shop @ 5b1e7d20',
	description: `Rolled back from: ${other}`,
};
const deployed = { change_type: 'deployment', summary: 'Deployed web-shop @ 5b1e7d20', description: undefined };
const redeployed = { ...deployed, description: 'Re-deployment: the newest deployment before has the same commit' };

// Newest first, as GitLab lists them; `!` marks this job's own deployment, `?` a failed one, `name:` that of another job of the environment.
const histories: readonly (readonly [string, string[], object])[] = [
	['the first deployment', [], deployed],
	['a new commit', [other, other], deployed],
	['a commit that was deployed before another one', [other, current], rolledBack],
	['a commit that was deployed long before', [other, other, other, current], rolledBack],
	['the commit that was deployed last', [current, other], redeployed],
	['the commit that is deployed by this very job', [`!${current}`, other], deployed],
	['a commit that was only tried before', [other, `?${current}`], deployed],
	['the first deployment by this job of a commit that another has deployed', [`cart:${current}`, other], deployed],
	[
		'the first deployment by this job of a commit that another has gone on from',
		[`cart:${other}`, `cart:${current}`],
		deployed,
	],
	[
		'a roll-back by this job, whatever others deployed',
		[`cart:${current}`, other, `cart:${other}`, current],
		rolledBack,
	],
	['a deployment of which nobody knows the job', [`-:${other}`, `-:${current}`], deployed],
];

const shellOf = {
	'curl and gawk': 'bash',
	'GNU wget and mawk': 'dash',
	busybox: 'busybox ash',
} as const satisfies Record<ToolboxKind, Shell>;

describe('a roll-back', { concurrency: 3, skip: whyWithoutTools }, () => {
	for (const kind of ['curl and gawk', 'GNU wget and mawk'] as const) {
		describe(`with ${kind} the hook`, { concurrency: 2, skip: whyWithoutTools }, () => {
			const toolbox = new Toolbox(kind);
			after(() => toolbox[Symbol.dispose]());

			for (const [title, history, expected] of histories) {
				it(`tells ${title} from GitLab's deployments`, async () => {
					await using gitlab = await startGitlab(200, history.map(describeDeployment));
					assert.deepEqual(await dryRun(gitlab.url), expected);
					const [request] = gitlab.requests;
					assert.equal(request?.headers['job-token'], gitlabJob.CI_JOB_TOKEN);
					assert.equal(
						request?.url,
						'/api/v4/projects/4711/deployments?environment=review%2F%C3%A9%20x&status=success&order_by=id&sort=desc&per_page=100',
					);
					assert.equal(gitlab.requests.length, 1);
				});
			}

			it('records a failed roll-back as one', async () => {
				await using gitlab = await startGitlab(200, [other, current].map(describeDeployment));
				const { summary } = await dryRun(gitlab.url, { CI_JOB_STATUS: 'failed', ALERT24_RECORD_FAILURES: 'true' });
				assert.equal(summary, 'Failed to roll back web-shop @ 5b1e7d20');
			});

			it('takes whatever else GitLab answers for no answer', async () => {
				for (const [status, body] of [
					[401, { message: '401 Unauthorized' }],
					[404, [other, current].map(describeDeployment)],
					[500, '<html>'],
					[200, { message: 'no list' }],
					[200, [{ sha: other }, { status: 'success' }, null, 5, [describeDeployment(current)]]],
					[302, ''],
				] as const) {
					await using gitlab = await startGitlab(status, body);
					assert.deepEqual(await dryRun(gitlab.url), deployed, String(status));
				}
				await using silent = await startGitlab(undefined, '');
				assert.deepEqual(await dryRun(silent.url), deployed);
			});

			it('takes no deployment for its own where the job has no name', async () => {
				await using gitlab = await startGitlab(200, [other, current].map(describeDeployment));
				assert.deepEqual(await dryRun(gitlab.url, { CI_JOB_NAME: '' }), deployed);
			});

			it('tells it to our own command, where the image has it', async () => {
				using ours = new Toolbox(kind);
				ours.add('alert24-notify', 'echo "$1 $ALERT24_CHANGE_TYPE ${LC_ALL-none} ${https_proxy-none}"');
				for (const [history, type] of [
					[[other, current], 'rollback'],
					[[other], 'auto'],
				] as const) {
					await using gitlab = await startGitlab(200, history.map(describeDeployment));
					const variables = { ...gitlabJob, CI_API_V4_URL: `${gitlab.url}/api/v4`, CI_JOB_NAME: 'deploy-search' };
					const { stdout, stderr } = await runHook(
						{ ...variables, CI_ENVIRONMENT_NAME: 'production' },
						{ shell: shellOf[kind], path: ours.path },
					);
					assert.deepEqual([stdout, stderr], [`record ${type} none none\n`, '']);
				}
			});

			it('takes no more time than ALERT24_TIMEOUT', async () => {
				await using silent = await startGitlab(undefined, '');
				const startedAtMs = performance.now();
				assert.deepEqual(await dryRun(silent.url, { ALERT24_TIMEOUT: '1' }), deployed);
				assert.ok(performance.now() - startedAtMs < 2900);
			});

			it('does not ask where the type is set, look-ups are off, or a separate job reports', async () => {
				await using gitlab = await startGitlab(200, [other, current].map(describeDeployment));
				for (const variables of [
					{ ALERT24_CHANGE_TYPE: 'deployment' },
					{ ALERT24_LOOKUP: 'off' },
					{ ALERT24_DEPLOY_JOB: 'deploy' },
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
				const { change_type, summary, description } = JSON.parse(stdout);
				return { change_type, summary, description };
			}
		});
	}
});

// With the objects around it that hold ids and commits of their own.
function describeDeployment(text: string) {
	const sha = text.replace(/^([!?]|.*:)/, '');
	const [, job = 'deploy-search'] = /^(.*):/.exec(text) ?? [];
	const name = job === '-' ? {} : { name: job };
	const status = text.startsWith('?') ? 'failed' : 'success';
	const commit = { id: sha, short_id: sha.slice(0, 8), title: 'a "quoted\\" title, [x] {y}' };
	const id = text.startsWith('!') ? Number(gitlabJob.CI_JOB_ID) : 17;
	const environment = { id: 9, name: 'review/é x', external_url: null };
	return {
		id: 42,
		iid: 2,
		ref: 'main',
		sha,
		user: { id: 1 },
		environment,
		deployable: { id, ...name, commit, status: 'success' },
		status,
	};
}

/** A GitLab that answers every request alike; without a status it never answers. */
async function startGitlab(status: number | undefined, body: unknown) {
	const requests: IncomingMessage[] = [];
	const server = createServer((request, response) => {
		requests.push(request);
		if (status === undefined) return;
		response.writeHead(status, { 'Content-Type': 'application/json', Location: '/elsewhere' });
		response.end(typeof body === 'string' ? body : JSON.stringify(body));
	});
	const listening = await LoopbackServer.listen(server);
	return {
		url: `http://127.0.0.1:${listening.port}`,
		requests,
		[Symbol.asyncDispose]: () => listening.close(),
	};
}
