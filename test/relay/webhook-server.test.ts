import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { suite, test } from 'node:test';
import { Webhook } from 'standardwebhooks';
import { type Alert24StandIn, startAlert24 } from '../../stand-in/alert24-stand-in.ts';
import {
	bitbucketSecret,
	gitlabSecret,
	gitlabToken,
	signBitbucket,
	signGitlab,
	startTestRelay,
	type TestRelay,
} from '../support/relay.ts';
import { buildDeploymentEvent, loadEvent } from './load-event.ts';

const event = loadEvent('gitlab-deployment-success');
const secrets = [gitlabSecret, gitlabToken, bitbucketSecret];

async function post(relay: TestRelay, path: string, request: RequestInit): Promise<{ status: number; body: string }> {
	const response = await fetch(relay.url + path, { method: 'POST', ...request });
	return { status: response.status, body: await response.text() };
}

async function readMetrics(relay: TestRelay): Promise<Map<string, number>> {
	const text = await (await fetch(`${relay.url}/metrics`)).text();
	const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
	return new Map(
		lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
	);
}

function withRelay(run: (relay: TestRelay, alert24: Alert24StandIn) => Promise<void>, options = {}) {
	return async () => {
		await using alert24 = await startAlert24();
		await using relay = await startTestRelay(alert24, options);
		await run(relay, alert24);
		const log = relay.readLog();
		const metrics = await (await fetch(`${relay.url}/metrics`)).text();
		for (const secret of [...secrets, alert24.apiKey]) {
			assert.ok(!log.includes(secret), `the log contains a secret:\n${log}`);
			assert.ok(!metrics.includes(secret), 'the metrics contain a secret');
		}
	};
}

const accepted = { status: 202, body: '' };

suite('the relay', () => {
	test(
		'records a signed GitLab event',
		withRelay(async (relay, alert24) => {
			assert.deepEqual(await post(relay, '/webhooks/gitlab', signGitlab(event)), accepted);
			await relay.until(() => alert24.changes.length === 1, 'one change');
			assert.deepEqual(alert24.sentChanges[0], {
				summary: 'Deployed web-shop @ 5b1e7d20',
				service_id: 'svc_shop',
				change_type: 'deployment',
				description: [
					'Job: https://gitlab.com/shop/web-shop/-/jobs/903311',
					'Finished: 2026-08-02T10:41:35Z',
					'Recorded later; the deployment ended at 2026-08-02T10:41:35.000Z',
				].join('\n'),
				source: 'gitlab-ci',
				commit_sha: '5b1e7d20c4a94f0e8d3b6a7c9e2f10485d6b7a31',
				commit_message: 'Sort the basket by price',
				branch: 'main',
				environment: 'production',
				changed_by: 'jonas.weber',
				external_id: 'gitlab:gitlab.com:4711:job:903311:production:svc_shop',
				tags: ['gitlab', 'production', 'recorded-late'],
			});
		}),
	);

	test(
		'records an event once that arrives several times, also under another webhook',
		withRelay(async (relay, alert24) => {
			const requests = [signGitlab(event), signGitlab(event), signGitlab(event, 'msg_2')];
			const token = { body: JSON.stringify(event), headers: { 'x-gitlab-token': gitlabToken } };
			const job = signGitlab(loadEvent('gitlab-job-success'));
			const answers = await Promise.all(
				[...requests, token, job].map((request) => post(relay, '/webhooks/gitlab', request)),
			);
			assert.deepEqual(answers, Array(5).fill(accepted));
			await relay.until(async () => (await relay.outbox.count()).pending === 0, 'an empty outbox');
			assert.equal(alert24.changes.length, 1);
			const metrics = await readMetrics(relay);
			assert.equal(metrics.get('alert24_relay_events_total{source="gitlab",result="accepted"}'), 1);
			assert.equal(metrics.get('alert24_relay_events_total{source="gitlab",result="duplicate"}'), 4);
		}),
	);

	test(
		'records nothing that the hook recorded already, with or without a change type and a summary set by hand',
		withRelay(async (relay, alert24) => {
			const hook = { summary: 'x', environment: 'production' };
			alert24.record({ ...hook, external_id: 'gitlab:gitlab.com:4711:job:1:production:svc_shop' });
			alert24.record({ ...hook, external_id: 'gitlab:gitlab.com:4711:job:2:production:svc_shop:summary=0a1b2c3d' });
			alert24.record({ ...hook, external_id: 'gitlab:gitlab.com:4711:job:3:production:svc_shop:type=config_change' });
			for (const id of [1, 2, 3, 4]) await post(relay, '/webhooks/gitlab', signGitlab(buildDeploymentEvent(id)));
			await relay.until(async () => (await relay.outbox.count()).pending === 0, 'an empty outbox');
			assert.equal(alert24.posts.length, 1);
			assert.equal(alert24.sentChanges.at(-1)?.['external_id'], 'gitlab:gitlab.com:4711:job:4:production:svc_shop');
		}),
	);

	test(
		'records nothing that the hook recorded already, if its rule sets a change type',
		withRelay(
			async (relay, alert24) => {
				const external_id = 'gitlab:gitlab.com:4711:job:1:production:svc_shop';
				alert24.record({ summary: 'x', environment: 'production', external_id });
				for (const id of [1, 2]) await post(relay, '/webhooks/gitlab', signGitlab(buildDeploymentEvent(id)));
				await relay.until(async () => (await relay.outbox.count()).pending === 0, 'an empty outbox');
				assert.deepEqual(
					alert24.sentChanges.map((change) => change['external_id']),
					[external_id, 'gitlab:gitlab.com:4711:job:2:production:svc_shop:type=infrastructure'],
				);
			},
			{ rules: 'rules: [{project: shop/*, service_id: svc_shop, change_type: infrastructure}]' },
		),
	);

	test(
		'records a Bitbucket push for each service, and the POST service by the secret in its path',
		withRelay(async (relay, alert24) => {
			const push = signBitbucket('repo:push', loadEvent('bitbucket-push-several'));
			assert.deepEqual(await post(relay, '/webhooks/bitbucket', push), accepted);
			const form = new URLSearchParams({ payload: JSON.stringify(loadEvent('post-service-git')) });
			assert.deepEqual(await post(relay, `/webhooks/bitbucket/${bitbucketSecret}`, { body: form }), accepted);
			await relay.until(() => alert24.changes.length === 5, 'five changes');
			assert.deepEqual(
				alert24.sentChanges
					.map((change) => [change['summary'], change['change_type'], change['service_id']])
					.toSorted(),
				[
					['Deployed legacy @ 709d658d', 'deployment', 'svc_a'],
					['Deployed legacy @ 709d658d', 'deployment', 'svc_b'],
					['Deployed legacy @ 8c1cf1ec', 'deployment', 'svc_a'],
					['Deployed legacy @ 8c1cf1ec', 'deployment', 'svc_b'],
					['Pushed project-x @ 620ade18', 'code', undefined],
				],
			);
		}),
	);

	test(
		'records a merged pull request and the push for it once',
		withRelay(async (relay, alert24) => {
			await post(
				relay,
				'/webhooks/bitbucket',
				signBitbucket('pullrequest:fulfilled', loadEvent('bitbucket-pull-request-merged')),
			);
			await post(relay, '/webhooks/bitbucket', signBitbucket('repo:push', loadEvent('bitbucket-push')));
			await relay.until(async () => (await relay.outbox.count()).pending === 0, 'an empty outbox');
			assert.deepEqual(
				alert24.sentChanges.map((change) => change['service_id']),
				['svc_a', 'svc_b'],
			);
		}),
	);

	test(
		'answers 202 to an event that it does not record, and counts it',
		withRelay(async (relay, alert24) => {
			const other = {
				...event,
				project: { ...(event['project'] as object), path_with_namespace: 'x/y', web_url: 'https://gitlab.com/x/y' },
			};
			const payloads: [payload: unknown, result: string][] = [
				[loadEvent('gitlab-deployment-approved'), 'ignored'],
				[loadEvent('gitlab-job-stop'), 'ignored'],
				[loadEvent('gitlab-deployment-running'), 'started'],
				[loadEvent('gitlab-job-never-started'), 'never_started'],
				[loadEvent('gitlab-custom-template'), 'invalid'],
				['{"object_kind":', 'invalid'],
				['', 'invalid'],
				[`${'['.repeat(100_000)}${']'.repeat(100_000)}`, 'invalid'],
				['{"object_kind":"deployment","__proto__":{"status":"success"},"constructor":{}}', 'invalid'],
				[Buffer.from([0x7b, 0xff, 0xfe, 0x7d]).toString('latin1'), 'invalid'],
				[{ ...event, environment: 'review/x' }, 'ignored'],
				[other, 'unmatched'],
				[other, 'unmatched'],
			];
			const expected = new Map<string, number>();
			for (const [payload, result] of payloads) {
				assert.deepEqual(await post(relay, '/webhooks/gitlab', signGitlab(payload)), accepted);
				expected.set(result, (expected.get(result) ?? 0) + 1);
			}
			const metrics = await readMetrics(relay);
			for (const [result, count] of expected) {
				assert.equal(metrics.get(`alert24_relay_events_total{source="gitlab",result="${result}"}`), count, result);
			}
			assert.equal(alert24.requests.length, 0);
			const lines = relay
				.readLog()
				.split('\n')
				.filter((line) => line.includes('no rule matches'));
			assert.equal(lines.length, 2, 'one notice for the project, one detail');
		}),
	);

	test(
		'answers 401 without a valid secret, and stores nothing',
		withRelay(async (relay) => {
			const old = new Date(Date.now() - 6 * 60_000);
			const body = JSON.stringify(event);
			const stale = {
				body,
				headers: {
					'webhook-id': 'msg_1',
					'webhook-timestamp': String(Math.floor(old.getTime() / 1000)),
					'webhook-signature': new Webhook(gitlabSecret).sign('msg_1', old, body),
				},
			};
			const signed = signGitlab(event);
			const requests: [path: string, request: RequestInit][] = [
				['/webhooks/gitlab', { body }],
				['/webhooks/gitlab', { body, headers: { 'x-gitlab-token': 'wrong' } }],
				['/webhooks/gitlab', stale],
				['/webhooks/gitlab', { ...signed, body: body.replace('success', 'failed') }],
				['/webhooks/gitlab', {}],
				['/webhooks/bitbucket', { body }],
				['/webhooks/bitbucket', { body, headers: { 'x-hub-signature': 'sha256=' } }],
				['/webhooks/bitbucket/wrong', { body }],
				[`/webhooks/bitbucket/${bitbucketSecret}x`, { body }],
			];
			for (const [path, request] of requests) {
				assert.deepEqual(await post(relay, path, request), { status: 401, body: '' }, path);
			}
			assert.equal((await relay.outbox.count()).pending, 0);
			assert.equal(relay.readLog().match(/Rejected a gitlab event with 401/g)?.length, 1);
		}),
	);

	test(
		'answers 413 to 3 MB, 404 to other paths and 431 to a flood of headers, each with an empty body',
		withRelay(async (relay) => {
			const large = await post(relay, '/webhooks/gitlab', { body: Buffer.alloc(3_000_000, 0x20) }).catch(
				() => undefined,
			);
			// The connection may be closed before the client has sent everything.
			if (large !== undefined) assert.deepEqual(large, { status: 413, body: '' });
			const paths = [
				'/',
				'/webhooks',
				'/webhooks/gitlab/../../etc/passwd',
				'/webhooks/bitbucket/%2e%2e/%2e%2e/x',
				'/webhooks/gitlab%00',
				`/${'x'.repeat(5000)}`,
			];
			for (const path of paths)
				assert.deepEqual(await post(relay, path, { body: '{}' }), { status: 404, body: '' }, path);
			const headers = Object.fromEntries(
				Array.from({ length: 1000 }, (_, index) => [`x-header-${index}`, 'x'.repeat(50)]),
			);
			const flood = await post(relay, '/webhooks/gitlab', { body: '{}', headers });
			assert.deepEqual(flood, { status: 431, body: '' });
			assert.equal((await fetch(`${relay.url}/livez`)).status, 200);
		}),
	);

	test(
		'answers a path that is malformed or too long with an empty body',
		withRelay(async (relay) => {
			const { hostname, port } = new URL(relay.url);
			const rows: [path: string, status: number][] = [
				[`/webhooks/bitbucket/${bitbucketSecret}%zz`, 400],
				[`/webhooks/bitbucket/${bitbucketSecret}%`, 400],
				[`/webhooks/bitbucket/${bitbucketSecret}%c3%28`, 400],
				[`/webhooks/bitbucket/${bitbucketSecret}${'x'.repeat(1100)}`, 414],
				[`/webhooks/bitbucket/${bitbucketSecret}/%zz`, 400],
				[`/webhooks/${bitbucketSecret}%zz`, 400],
				[`//${bitbucketSecret}%zz`, 400],
				[`/webhooks/bitbucket/${bitbucketSecret}/x`, 404],
				[bitbucketSecret, 400],
				[`http://[${bitbucketSecret}/webhooks/gitlab`, 400],
			];
			for (const [path, status] of rows) {
				const text = await readResponse(hostname, Number(port), `POST ${path} HTTP/1.1\r\nHost: x\r\n`);
				const [head = '', body] = text.split('\r\n\r\n');
				assert.deepEqual([Number(head.split(' ')[1]), body], [status, ''], path);
				assert.ok(!head.includes(bitbucketSecret), head);
			}
		}),
	);

	test(
		'is ready while Alert24 is down',
		withRelay(async (relay, alert24) => {
			alert24.failAlways({ kind: 'status', status: 503 });
			await post(relay, '/webhooks/gitlab', signGitlab(event));
			await relay.until(() => alert24.posts.length > 0, 'an attempt');
			for (const path of ['/livez', '/readyz']) assert.equal((await fetch(relay.url + path)).status, 200);
			alert24.heal();
			await relay.until(() => alert24.changes.length === 1, 'one change');
		}),
	);

	test(
		'redacts a key in an event before it is stored or sent',
		withRelay(async (relay, alert24) => {
			const leak = buildDeploymentEvent(5, { commit_title: `Use ${alert24.apiKey} and ${gitlabToken}` });
			await post(relay, '/webhooks/gitlab', signGitlab(leak));
			await relay.until(() => alert24.changes.length === 1, 'one change');
			assert.equal(alert24.sentChanges[0]?.['commit_message'], 'Use [redacted] and [redacted]');
		}),
	);
});

// Sends a request with a body that fetch might change, and returns the whole response.
async function readResponse(host: string, port: number, head: string): Promise<string> {
	const socket = connect(port, host);
	socket.write(`${head}Content-Length: 1\r\nConnection: close\r\n\r\nx`);
	let text = '';
	for await (const part of socket) text += part;
	return text;
}
