import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { startAlert24 } from '../../stand-in/alert24-stand-in.ts';
import { startTestRelay } from '../support/relay.ts';
import { SteppedClock } from '../support/stepped-clock.ts';
import { buildDeploymentEvent, loadEvent } from './load-event.ts';
import { countFailures, isEmpty, readJobs, send } from './send-events.ts';

/** Sends two events, within the minute of the first and after it, and compares the summaries that are recorded. */
async function recordAround(first: unknown, second: unknown, summaries: readonly string[]): Promise<void> {
	for (const isLater of [false, true]) {
		await using alert24 = await startAlert24();
		const clock = new SteppedClock();
		await using relay = await startTestRelay(alert24, { clock, worker: { pollMs: 10 } });
		await send(relay, first);
		if (isLater) {
			clock.advance(61_000);
			await relay.until(isEmpty(relay), 'the decision that it never started');
		}
		// It counts at once. The clock stands still, so that no lease ends during the delivery.
		await send(relay, second);
		await relay.until(isEmpty(relay), 'an empty outbox');
		assert.deepEqual(
			alert24.sentChanges.map(({ summary }) => summary),
			summaries,
		);
	}
}

suite('the worker of the relay', () => {
	test('stops sending while the key is rejected, keeps everything, and goes on when it works', async () => {
		await using alert24 = await startAlert24();
		const clock = new SteppedClock();
		await using relay = await startTestRelay(alert24, { clock, worker: { pollMs: 10, longestPauseMs: 60_000 } });
		await send(relay, buildDeploymentEvent(1));
		await relay.until(isEmpty(relay), 'the first change');
		alert24.failAlways({ kind: 'status', status: 401 });
		for (let job = 2; job <= 6; job += 1) await send(relay, buildDeploymentEvent(job));
		await relay.until(() => relay.readLog().includes('Alert24 rejects the API key'), 'a report');
		const attempts = alert24.posts.length;
		assert.equal(attempts, 2, 'one change was tried, the others wait');
		assert.match(await (await fetch(`${relay.url}/metrics`)).text(), /^alert24_relay_key_rejected 1$/m);
		assert.equal((await relay.outbox.count()).pending, 5);
		clock.advance(61_000);
		await relay.until(() => countFailures(relay) === 2, 'one more attempt after a minute');
		assert.equal(alert24.posts.length, attempts + 1);
		alert24.heal();
		clock.advance(61_000);
		await relay.until(isEmpty(relay), 'an empty outbox');
		assert.deepEqual(readJobs(alert24), [1, 2, 3, 4, 5, 6]);
		assert.match(await (await fetch(`${relay.url}/metrics`)).text(), /^alert24_relay_key_rejected 0$/m);
	});

	test('stores a refused change with its reason, out of the way of others, and sends it again on request', async () => {
		await using alert24 = await startAlert24();
		await using relay = await startTestRelay(alert24);
		alert24.failWith({ kind: 'status', status: 400 });
		await send(relay, buildDeploymentEvent(1));
		await send(relay, buildDeploymentEvent(2));
		await relay.until(isEmpty(relay), 'both are finished');
		assert.deepEqual(readJobs(alert24), [2]);
		const [refused] = await relay.outbox.list();
		assert.equal(refused?.state, 'refused');
		assert.match(String(refused?.reason), /400/);
		assert.match(relay.readLog(), /NOT RECORDED: Deployed web-shop .*after a correction: alert24-notify outbox retry/);
		await relay.outbox.retryRefused();
		await relay.until(() => alert24.changes.length === 2, 'the refused change');
		assert.deepEqual(readJobs(alert24), [2, 1]);
	});

	test('records a change once that Alert24 stores some seconds after a timeout', async () => {
		await using alert24 = await startAlert24();
		const clock = new SteppedClock();
		await using relay = await startTestRelay(alert24, { clock, worker: { pollMs: 10 } });
		alert24.failWith({ kind: 'status', status: 504 });
		await send(relay, buildDeploymentEvent(1));
		await relay.until(() => countFailures(relay) === 1, 'a timeout');
		clock.advance(10_000);
		await send(relay, buildDeploymentEvent(2, { environment: 'staging' }));
		await relay.until(() => alert24.changes.length === 1, 'the change of another environment');
		alert24.record(JSON.parse(alert24.posts[0]?.body ?? ''), new Date(clock.date()));
		clock.advance(5000);
		await relay.until(isEmpty(relay), 'an empty outbox');
		assert.deepEqual(readJobs(alert24), [2, 1]);
	});

	test('logs that another took over a change, by a lease that ended early or by a clock that is ahead', async () => {
		await using alert24 = await startAlert24();
		const clock = new SteppedClock();
		await using relay = await startTestRelay(alert24, { clock, worker: { pollMs: 10 } });
		alert24.failWith({ kind: 'late', delayMs: 2000 });
		await send(relay, buildDeploymentEvent(1));
		await alert24.nthRequest(2);
		clock.advance(61_000);
		await relay.until(
			() => /took over before this delivery ended/.test(relay.readLog()),
			'the end of the first attempt',
		);
		assert.match(relay.readLog(), /: it took longer than its lease, or the clocks of the replicas differ$/m);
		assert.deepEqual(readJobs(alert24), [1]);
	});

	test('logs the reason and the time of the next attempt', async () => {
		await using alert24 = await startAlert24();
		await using relay = await startTestRelay(alert24, { worker: { pollMs: 20, longestPauseMs: 60_000 } });
		alert24.failAlways({ kind: 'status', status: 503 });
		await send(relay, buildDeploymentEvent(1));
		await relay.until(() => countFailures(relay) > 0, 'a failed attempt');
		const log = relay.readLog();
		assert.match(
			log,
			/: An attempt failed: Deployed [^:]*: Alert24 answered 503[^;]*\. All changes are stored; sending pauses for 1 s$/m,
		);
		assert.match(log, /: Not delivered: Deployed [^:]*: Alert24 answered 503[^;]*; next attempt in 2 s$/m);
	});

	test('waits as long as Alert24 asks', async () => {
		await using alert24 = await startAlert24();
		const clock = new SteppedClock();
		await using relay = await startTestRelay(alert24, { clock, worker: { pollMs: 10, longestPauseMs: 1000 } });
		alert24.failWith({ kind: 'status', status: 429, headers: { 'Retry-After': '600' } });
		await send(relay, buildDeploymentEvent(1));
		await relay.until(() => relay.readLog().includes('An attempt failed'), 'a pause');
		clock.advance(590_000);
		await send(relay, buildDeploymentEvent(2, { environment: 'staging' }));
		assert.equal(alert24.posts.length, 1);
		clock.advance(11_000);
		await relay.until(() => alert24.changes.length === 2, 'both changes');
	});

	test('records a failure only if the deployment ran, whatever the order of its events', async () => {
		await using alert24 = await startAlert24();
		const clock = new SteppedClock();
		await using relay = await startTestRelay(alert24, { clock, worker: { pollMs: 10 } });
		const running = loadEvent('gitlab-deployment-running');
		// 1: started, then failed. 2: failed, then started. 3: never started.
		await send(relay, { ...running, deployable_id: 1 });
		await send(relay, buildDeploymentEvent(1, { status: 'failed' }));
		await send(relay, buildDeploymentEvent(2, { status: 'failed', environment: 'staging' }));
		await send(relay, { ...running, deployable_id: 2 });
		await send(relay, buildDeploymentEvent(3, { status: 'canceled', environment: 'eu/x' }));
		assert.equal(alert24.requests.length, 0);
		clock.advance(61_000);
		await relay.until(isEmpty(relay), 'an empty outbox');
		assert.deepEqual(readJobs(alert24).toSorted(), [1, 2]);
		assert.match(
			String(alert24.sentChanges[0]?.['description']),
			/Started: 2026-08-02T10:40:58Z\nFinished: 2026-08-02T10:41:35Z\nDuration: 37 s/,
		);
		assert.match(
			relay.readLog(),
			/Not recorded: Canceled deployment of web-shop .*: the canceled deployment never started/,
		);
	});

	test('records a failed deployment that a later job event shows to have run', async () => {
		const job = loadEvent('gitlab-job-timed-out');
		const names = { project: job['project'], environment: 'production' };
		const failed = buildDeploymentEvent(Number(job['build_id']), { ...names, status: 'failed' });
		await recordAround(failed, job, ['Timed out deploying web-shop @ 5b1e7d20']);
	});

	test('records a success that follows a failure whose start is unknown', async () => {
		const success = loadEvent('gitlab-deployment-by-api');
		await recordAround({ ...success, status: 'failed' }, success, ['Deployed web-shop @ 5b1e7d20']);
	});

	test('sends a refused failure again although its start is older than the retention', async () => {
		await using alert24 = await startAlert24();
		const clock = new SteppedClock();
		await using relay = await startTestRelay(alert24, { clock, worker: { pollMs: 10 } });
		alert24.failWith({ kind: 'status', status: 422 });
		await send(relay, { ...loadEvent('gitlab-deployment-running'), deployable_id: 1 });
		await send(relay, buildDeploymentEvent(1, { status: 'failed' }));
		clock.advance(61_000);
		await relay.until(async () => (await relay.outbox.count()).refused === 1, 'a refused change');
		await relay.outbox.prune(new Date(clock.date() + 1));
		await relay.outbox.retryRefused();
		await relay.until(isEmpty(relay), 'an empty outbox');
		assert.deepEqual(readJobs(alert24), [1]);
	});
});
