import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Alert24Client } from '../../src/alert24/alert24-client.ts';
import { systemClock } from '../../src/delivery/clock.ts';
import { deliverChange } from '../../src/delivery/deliver-change.ts';
import { retryPolicy } from '../../src/delivery/retry-policy.ts';
import { Log } from '../../src/log/log.ts';
import { Redactor } from '../../src/text/redact.ts';
import { type Alert24StandIn, startAlert24 } from '../../stand-in/alert24-stand-in.ts';
import { createTerminal } from '../support/terminal.ts';

async function deliverOnce({ url, apiKey }: Alert24StandIn, budgetMs: number) {
	const { signal } = new AbortController();
	const log = new Log(createTerminal(), new Redactor({}), { isVerbose: false });
	const options = {
		apiUrl: new URL(url),
		apiKey,
		proxyEnv: {},
		cas: undefined,
		signal,
		redact: (text: string) => text,
	};
	const client = new Alert24Client(options);
	const change = { summary: 'Deployed shop', environment: 'production', external_id: 'gitlab:1' };
	const parcel = { change, idempotencyKey: 'key', since: new Date(), dedupe: 'always' } as const;
	const deadlineMs = systemClock.now() + budgetMs;
	const limits = { policy: retryPolicy, clock: systemClock, deadlineMs, isSingleAttempt: true };
	return await deliverChange(parcel, { ...limits, client, signal, log });
}

suite('a delivery of a single attempt', () => {
	test('sends nothing while the list cannot be read in time', async () => {
		await using alert24 = await startAlert24();
		alert24.failListsAlways({ kind: 'silence' });
		const { state, hasTimedOut } = await deliverOnce(alert24, 1000);
		assert.deepEqual([state, hasTimedOut, alert24.posts.length], ['undelivered', false, 0]);
	});

	test('reports that its attempt timed out', async () => {
		await using alert24 = await startAlert24();
		alert24.failWith({ kind: 'status', status: 504 });
		const { state, hasTimedOut } = await deliverOnce(alert24, 30_000);
		assert.deepEqual([state, hasTimedOut, alert24.posts.length], ['undelivered', true, 1]);
	});
});
