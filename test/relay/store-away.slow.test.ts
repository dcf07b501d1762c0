import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import pg from 'pg';
import { startAlert24 } from '../../stand-in/alert24-stand-in.ts';
import { findPostgres, startPostgres } from '../support/postgres-server.ts';
import { signGitlab, startTestRelay } from '../support/relay.ts';
import { buildDeploymentEvent } from './load-event.ts';

const programs = findPostgres();

suite('the relay without its store', { skip: programs === undefined && 'PostgreSQL is not installed' }, () => {
	test('answers 503 within 5 s, half of the time that GitLab waits, while the database is stuck or away, is not ready, and goes on afterwards', async () => {
		await using alert24 = await startAlert24();
		await using server = await startPostgres(programs ?? '');
		const store = await server.createDatabase();
		await using relay = await startTestRelay(alert24, { store });
		const send = async (job: number) => {
			const startedMs = performance.now();
			const { status } = await fetch(`${relay.url}/webhooks/gitlab`, signGitlab(buildDeploymentEvent(job)));
			return { status, isInTime: performance.now() - startedMs < 5000 };
		};
		const probe = async (path: string) => (await fetch(relay.url + path)).status;
		assert.deepEqual(await send(1), { status: 202, isInTime: true });
		await relay.until(() => alert24.changes.length === 1, 'the first change');

		const blocker = new pg.Client({ connectionString: store });
		await blocker.connect();
		await blocker.query('begin; lock table change, deployment in access exclusive mode');
		assert.deepEqual(await send(2), { status: 503, isInTime: true });
		assert.deepEqual([await probe('/livez'), await probe('/readyz')], [200, 503]);
		await blocker.query('rollback');
		await blocker.end();
		await relay.until(async () => (await probe('/readyz')) === 200, 'a ready relay');
		assert.deepEqual(await send(3), { status: 202, isInTime: true });

		await server.stop();
		assert.deepEqual(await send(4), { status: 503, isInTime: true });
		await relay.until(async () => (await probe('/readyz')) === 503, 'a relay that is not ready');
		assert.equal(await probe('/livez'), 200);
		await server.start();
		await relay.until(async () => (await probe('/readyz')) === 200, 'a ready relay');
		assert.deepEqual(await send(5), { status: 202, isInTime: true });
		const isRecorded = (job: number) =>
			alert24.sentChanges.some((change) => String(change['external_id']).includes(`:job:${job}:`));
		// A claim whose response was lost holds its lane until the lease of 60 s ends.
		await relay.until(() => [1, 3, 5].every(isRecorded), 'every accepted change', 120_000);
		assert.match(await (await fetch(`${relay.url}/metrics`)).text(), /^alert24_relay_store_errors_total [1-9]/m);
	});
});
