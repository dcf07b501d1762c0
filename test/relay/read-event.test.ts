import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { readBitbucketEvent } from '../../src/relay/bitbucket-event.ts';
import { readGitlabEvent } from '../../src/relay/gitlab-event.ts';
import { readPostServiceBody, readPostServicePayload } from '../../src/relay/post-service-payload.ts';
import type { ReportedEvent } from '../../src/relay/reported-event.ts';
import { loadEvent } from './load-event.ts';

type EventCase = Readonly<{
	title: string;
	source: 'gitlab' | 'bitbucket' | 'post-service';
	event?: string;
	payload?: unknown;
	/** The raw body, if it is not JSON. */
	body?: string;
	expected: unknown;
}>;

const directory = new URL('events/', import.meta.url);
const cases = readdirSync(directory).map(
	(file) => JSON.parse(readFileSync(new URL(file, directory), 'utf8')) as EventCase,
);

function readEvent({ source, event, payload, body }: EventCase): ReportedEvent {
	if (source === 'gitlab') return readGitlabEvent(payload);
	if (source === 'bitbucket') return readBitbucketEvent(event, payload);
	return readPostServicePayload(body === undefined ? payload : JSON.parse(readPostServiceBody(body)));
}

suite('readGitlabEvent, readBitbucketEvent, readPostServicePayload', () => {
	for (const row of cases) {
		test(`${row.source}: ${row.title}`, () => {
			// Absent facts are undefined, which JSON leaves out.
			assert.deepEqual(JSON.parse(JSON.stringify(readEvent(row))), row.expected);
		});
	}

	test('a job event is judged like the same job in GitLab’s API', () => {
		const judge = (status: string, reason: string) => {
			const payload = { ...loadEvent('gitlab-job-timed-out'), build_status: status, build_failure_reason: reason };
			const event = readGitlabEvent(payload);
			assert.equal(event.kind, 'deployments');
			return event.deployments.map(({ deployment, hasRun }) => [deployment.outcome, hasRun])[0];
		};
		assert.deepEqual(judge('success', 'unknown_failure'), ['success', 'yes']);
		assert.deepEqual(judge('canceled', 'unknown_failure'), ['canceled', 'yes']);
		assert.deepEqual(judge('failed', 'script_failure'), ['failed', 'yes']);
		for (const reason of ['job_execution_timeout', 'server_timeout_running'])
			assert.deepEqual(judge('failed', reason), ['timedout', 'yes']);
		for (const reason of ['failed_outdated_deployment_job', 'deployment_rejected'])
			assert.deepEqual(judge('failed', reason), ['failed', 'no']);
	});

	test('a body of any other JSON is ignored and throws nothing', () => {
		const payloads = [0, '', 'text', true, {}, [[]], { object_kind: {} }, { object_kind: 'build', environment: 'x' }];
		const nested = JSON.parse(`${'['.repeat(5000)}${']'.repeat(5000)}`);
		for (const payload of [...payloads, nested, { object_kind: 'deployment', project: nested }]) {
			assert.equal(readGitlabEvent(payload).kind, 'ignored');
			assert.equal(readBitbucketEvent('repo:push', payload).kind, 'ignored');
			assert.equal(readPostServicePayload(payload).kind, 'ignored');
		}
	});
});
