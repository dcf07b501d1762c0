import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { suite, test } from 'node:test';
import { Log } from '../../src/log/log.ts';
import { openGitlabJobs } from '../../src/relay/read-gitlab-job.ts';
import { Redactor } from '../../src/text/redact.ts';
import { startAlert24 } from '../../stand-in/alert24-stand-in.ts';
import { LoopbackServer } from '../../stand-in/loopback-server.ts';
import { signGitlab, startTestRelay } from '../support/relay.ts';
import { SteppedClock } from '../support/stepped-clock.ts';
import { createTerminal } from '../support/terminal.ts';
import { buildDeploymentEvent } from './load-event.ts';

const job = {
	id: 1,
	name: 'deploy',
	status: 'failed',
	tag: false,
	started_at: '2026-08-02T10:40:58.000Z',
	finished_at: '2026-08-02T10:41:35.000Z',
	duration: 37.2,
	commit: { message: 'Sort the basket by price\n\nAnd test it.\n' },
	pipeline: {
		id: 5501,
		web_url: 'https://gitlab.com/shop/web-shop/-/pipelines/5501',
		created_at: '2026-08-02T10:38:00.000Z',
	},
};

// Job 1 ran, job 2 never started, job 3 was deleted, job 5 waits for a runner. `fail` lets every lookup fail.
async function startGitlab() {
	let failure: number | undefined;
	const requests: { url: string | undefined; token: unknown }[] = [];
	const server = createServer(({ url, headers }, response) => {
		requests.push({ url, token: headers['private-token'] });
		if (failure !== undefined) response.writeHead(failure).end('{"message":"failure"}');
		else if (url?.endsWith('/jobs/3')) response.writeHead(404).end('{"message":"404 Not found"}');
		else if (url?.endsWith('/jobs/2')) response.end(JSON.stringify({ ...job, started_at: null }));
		else if (url?.endsWith('/jobs/5')) response.end(JSON.stringify({ ...job, status: 'pending', started_at: null }));
		else response.end(JSON.stringify(job));
	});
	const listening = await LoopbackServer.listen(server);
	return {
		requests,
		url: `http://127.0.0.1:${listening.port}`,
		fail: (status: number | undefined) => {
			failure = status;
		},
		[Symbol.asyncDispose]: () => listening.close(),
	};
}

function openJobs({ url }: { url: string }, signal = new AbortController().signal) {
	const log = new Log(createTerminal(), new Redactor({}));
	return openGitlabJobs(url, 'a-token-for-gitlab', { proxyEnv: {}, cas: undefined, signal }, (text) => text, log);
}

/** Returns a deployment event of a GitLab at another address. */
function buildEvent({ url }: { url: string }, jobId: number, changes: Record<string, unknown> = {}) {
	const project = { ...(buildDeploymentEvent(jobId)['project'] as object), web_url: `${url}/shop/web-shop` };
	return buildDeploymentEvent(jobId, { project, ...changes });
}

suite('the lookup of a job in GitLab', () => {
	test('completes a deployment, decides if it ran, and sends the token to one GitLab alone', async () => {
		await using gitlab = await startGitlab();
		await using alert24 = await startAlert24();
		const readJob = openJobs(gitlab);
		await using relay = await startTestRelay(alert24, { readJob });
		await fetch(`${relay.url}/webhooks/gitlab`, signGitlab(buildEvent(gitlab, 1)));
		await fetch(`${relay.url}/webhooks/gitlab`, signGitlab(buildEvent(gitlab, 3, { environment: 'staging' })));
		await fetch(`${relay.url}/webhooks/gitlab`, signGitlab(buildDeploymentEvent(4, { environment: 'eu/x' })));
		await relay.until(() => alert24.changes.length === 3, 'three changes');
		const [change] = alert24.sentChanges.filter(({ environment }) => environment === 'production');
		assert.equal(change?.['commit_message'], 'Sort the basket by price\n\nAnd test it.');
		assert.equal(change?.['pipeline_url'], job.pipeline.web_url);
		assert.match(
			String(change?.['description']),
			/Pipeline created: 2026-08-02T10:38:00.000Z\nStarted: 2026-08-02T10:40:58/,
		);
		assert.deepEqual(gitlab.requests.map(({ url, token }) => [url, token]).toSorted(), [
			['/api/v4/projects/4711/jobs/1', 'a-token-for-gitlab'],
			['/api/v4/projects/4711/jobs/3', 'a-token-for-gitlab'],
		]);
	});

	test('decides if a job ran only by an answer about the job', async () => {
		await using gitlab = await startGitlab();
		const read = async (id: number, readJob = openJobs(gitlab)) =>
			(await readJob({ serverUrl: gitlab.url, projectId: '1', jobId: String(id) }))?.hasRun;
		assert.deepEqual(await Promise.all([1, 2, 3, 5].map((id) => read(id))), [true, false, false, undefined]);
		assert.equal(await read(1, openJobs(gitlab, AbortSignal.abort())), undefined);
		for (const status of [500, 503, 429, 401, 403, 302]) {
			gitlab.fail(status);
			assert.equal(await read(1), undefined, String(status));
		}
	});

	test('a failure waits while GitLab does not answer, and holds back no other change', async () => {
		await using gitlab = await startGitlab();
		await using alert24 = await startAlert24();
		const clock = new SteppedClock();
		await using relay = await startTestRelay(alert24, { readJob: openJobs(gitlab), clock, worker: { pollMs: 10 } });
		gitlab.fail(500);
		await fetch(`${relay.url}/webhooks/gitlab`, signGitlab(buildEvent(gitlab, 1, { status: 'failed' })));
		await fetch(`${relay.url}/webhooks/gitlab`, signGitlab(buildEvent(gitlab, 4)));
		clock.advance(61_000);
		await relay.until(async () => (await relay.outbox.count()).pending === 1, 'the success');
		assert.equal(alert24.sentChanges[0]?.['summary'], 'Deployed web-shop @ 5b1e7d20');
		assert.deepEqual(
			(await relay.outbox.list()).map(({ state, isUndecided, reason }) => [state, isUndecided, reason]),
			[['pending', true, 'GitLab responded with 500 to the lookup of job 1']],
		);
		assert.match(relay.readLog(), /Waits: Failed to deploy .*: GitLab responded with 500 to the lookup of job 1; /);
		gitlab.fail(undefined);
		clock.advance(600_000);
		await relay.until(() => alert24.changes.length === 2, 'the failure');
		assert.match(String(alert24.sentChanges[1]?.['description']), /Started: 2026-08-02T10:40:58/);
	});

	test('a failure that GitLab does not decide in a day is refused, and decided on request', async () => {
		await using gitlab = await startGitlab();
		await using alert24 = await startAlert24();
		const clock = new SteppedClock();
		await using relay = await startTestRelay(alert24, { readJob: openJobs(gitlab), clock, worker: { pollMs: 10 } });
		gitlab.fail(401);
		await fetch(`${relay.url}/webhooks/gitlab`, signGitlab(buildEvent(gitlab, 1, { status: 'failed' })));
		clock.advance(24 * 3_600_000 + 1000);
		await relay.until(async () => (await relay.outbox.count()).refused === 1, 'a refused change');
		const log = /NOT RECORDED: .*: it is not known if it ran: GitLab responded with 401 .* alert24-notify outbox retry/;
		assert.match(relay.readLog(), log);
		gitlab.fail(undefined);
		await relay.outbox.retryRefused();
		await relay.until(() => alert24.changes.length === 1, 'the failure');
	});
});
