import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { startAlert24 } from '../../stand-in/alert24-stand-in.ts';
import { startTestRelay } from '../support/relay.ts';
import { SteppedClock } from '../support/stepped-clock.ts';
import { buildDeploymentEvent } from './load-event.ts';
import { countFailures, isEmpty, readJobs, send } from './send-events.ts';

const hourMs = 3_600_000;

suite('the worker of the relay with a backlog', () => {
	test('records everything once and in order after Alert24 was away for two days, and reports the delay', async () => {
		await using alert24 = await startAlert24();
		const clock = new SteppedClock();
		await using relay = await startTestRelay(alert24, { clock, worker: { pollMs: 10, longestPauseMs: 60_000 } });
		alert24.failAlways({ kind: 'status', status: 503 });
		for (let hour = 0; hour < 48; hour += 1) {
			await send(relay, buildDeploymentEvent(hour + 1, { status_changed_at: new Date(clock.date()).toISOString() }));
			const failures = countFailures(relay);
			clock.advance(hourMs);
			await relay.until(() => countFailures(relay) > failures, 'an attempt after the pause');
		}
		await relay.until(
			() => /NOT RECORDED FOR 4[78] HOURS: 4[78] changes wait/.test(relay.readLog()),
			'a report of the delay',
		);
		assert.equal(relay.readLog().match(/An attempt failed: /g)?.length, 1);
		alert24.heal();
		clock.advance(61_000);
		await relay.until(isEmpty(relay), 'an empty outbox');
		assert.deepEqual(
			readJobs(alert24),
			Array.from({ length: 48 }, (_, index) => index + 1),
		);
		const [first] = alert24.sentChanges;
		assert.match(String(first?.['description']), /\nRecorded later; the deployment ended at 20/);
		assert.deepEqual(first?.['tags'], ['gitlab', 'production', 'recorded-late']);
	});

	test('finds a change whose answer was lost before an outage, behind thousands of newer ones', async () => {
		await using alert24 = await startAlert24();
		const clock = new SteppedClock();
		await using relay = await startTestRelay(alert24, { clock, worker: { pollMs: 10, longestPauseMs: 60_000 } });
		alert24.failWith({ kind: 'reset', when: 'after' });
		alert24.failListsWith({ kind: 'none' }, { kind: 'status', status: 503 });
		await send(relay, buildDeploymentEvent(1, { status_changed_at: new Date(clock.date()).toISOString() }));
		await relay.until(
			() => alert24.changes.length === 1 && relay.readLog().includes('An attempt failed'),
			'a lost answer',
		);
		for (let number = 0; number < 2500; number += 1) {
			alert24.record({ summary: 'another change', environment: 'production', external_id: `other:${number}` });
		}
		alert24.heal();
		clock.advance(hourMs);
		await relay.until(isEmpty(relay), 'an empty outbox');
		assert.equal(alert24.posts.length, 1);
		assert.match(relay.readLog(), /Already recorded: Deployed web-shop/);
	});

	test('reads the list once for many changes of a backlog, not once for each', async () => {
		await using alert24 = await startAlert24();
		const clock = new SteppedClock();
		await using relay = await startTestRelay(alert24, { clock, worker: { pollMs: 10, longestPauseMs: 60_000 } });
		const endedAt = new Date(clock.date()).toISOString();
		alert24.failAlways({ kind: 'status', status: 503 });
		for (let job = 1; job <= 40; job += 1) await send(relay, buildDeploymentEvent(job, { status_changed_at: endedAt }));
		// Another change every four seconds, for longer than an hour: ten pages.
		for (let number = 0; number < 1000; number += 1) {
			const other = { summary: 'another change', environment: 'production', external_id: `other:${number}` };
			alert24.record(other, new Date(clock.date() + number * 4000));
		}
		alert24.heal();
		clock.advance(hourMs);
		await relay.until(isEmpty(relay), 'an empty outbox');
		const lists = alert24.requests.filter(({ method }) => method === 'GET').length;
		assert.ok(lists < 40 * 3, `${lists} list requests`);
		assert.equal(readJobs(alert24).filter((job) => job > 0).length, 40);
	});

	test('sends the changes of other environments while Alert24 rejects one change with 500 for ever', async () => {
		await using alert24 = await startAlert24();
		const clock = new SteppedClock();
		await using relay = await startTestRelay(alert24, { clock, worker: { pollMs: 10, longestPauseMs: 60_000 } });
		alert24.failWhere(':job:1:', { kind: 'status', status: 500 });
		await send(relay, buildDeploymentEvent(1));
		await relay.until(() => countFailures(relay) === 1, 'a failed attempt');
		for (let job = 2; job <= 20; job += 1) await send(relay, buildDeploymentEvent(job, { environment: `eu/${job}` }));
		clock.advance(1000);
		await relay.until(() => alert24.changes.length === 19, 'the other changes');
		// Each attempt pauses the others for a second. After some attempts there is one a minute.
		for (let job = 21; job <= 120; job += 1) {
			clock.advance(6000);
			await send(relay, buildDeploymentEvent(job, { environment: 'staging' }));
		}
		clock.advance(1000);
		await relay.until(async () => (await relay.outbox.count()).pending === 1, 'all but the first change');
		const attempts = alert24.posts.filter(({ body }) => body.includes(':job:1:')).length;
		assert.ok(attempts > 1 && attempts <= 20, `${attempts} attempts in ten minutes`);
		assert.match(
			relay.readLog(),
			/: An attempt failed: Deployed web-shop @ 5b1e7d20 in "production" for service "svc_shop": Alert24 answered 500/,
		);
	});

	test('releases its work when it is stopped in the middle of a request, without waiting for its end', async () => {
		await using alert24 = await startAlert24();
		await using relay = await startTestRelay(alert24);
		alert24.failAlways({ kind: 'silence' });
		await send(relay, buildDeploymentEvent(1));
		await alert24.nthRequest(2);
		const startedMs = performance.now();
		await relay.relay.stop();
		assert.ok(performance.now() - startedMs < 10_000);
	});
});
