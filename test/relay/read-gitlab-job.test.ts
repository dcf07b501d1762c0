import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { suite, test } from 'node:test';
import { Log } from '../../src/log/log.ts';
import { openGitlabJobs } from '../../src/relay/read-gitlab-job.ts';
import { Redactor } from '../../src/text/redact.ts';
import { startAlert24 } from '../../stand-in/alert24-stand-in.ts';
import { LoopbackServer } from '../../stand-in/loopback-server.ts';
import { signGitlab, startTestRelay } from '../support/relay.ts';
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

// Job 1 ran, job 2 never started, job 3 was deleted.
async function startGitlab() {
	const requests: { url: string | undefined; token: unknown }[] = [];
	const server = createServer(({ url, headers }, response) => {
		requests.push({ url, token: headers['private-token'] });
		if (url?.endsWith('/jobs/3')) response.writeHead(404).end('{"message":"404 Not found"}');
		else response.end(JSON.stringify(url?.endsWith('/jobs/2') ? { ...job, started_at: null } : job));
	});
	const listening = await LoopbackServer.listen(server);
	return { requests, url: `http://127.0.0.1:${listening.port}`, [Symbol.asyncDispose]: () => listening.close() };
}

suite('the lookup of a job in GitLab', () => {
	test('completes a deployment, decides if it ran, and sends the token to one GitLab alone', async () => {
		await using gitlab = await startGitlab();
		await using alert24 = await startAlert24();
		const network = { proxyEnv: {}, cas: undefined, signal: new AbortController().signal };
		const log = new Log(createTerminal(), new Redactor({}));
		const readJob = openGitlabJobs(gitlab.url, 'a-token-for-gitlab', network, (text) => text, log);
		await using relay = await startTestRelay(alert24, { readJob });
		const local = (id: number, environment: string) => {
			const project = { ...(buildDeploymentEvent(id)['project'] as object), web_url: `${gitlab.url}/shop/web-shop` };
			return buildDeploymentEvent(id, { project, environment });
		};
		await fetch(`${relay.url}/webhooks/gitlab`, signGitlab(local(1, 'production')));
		await fetch(`${relay.url}/webhooks/gitlab`, signGitlab(local(3, 'staging')));
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
		const [ran, not] = await Promise.all(
			[1, 2].map((id) => readJob({ serverUrl: gitlab.url, projectId: '1', jobId: String(id) })),
		);
		assert.deepEqual([ran?.hasRun, not?.hasRun], [true, false]);
	});
});
