import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { OutboxError } from '../../src/outbox/outbox.ts';
import { openPostgresOutbox } from '../../src/outbox/postgres-outbox.ts';
import { findPostgres, type PostgresServer, startPostgres } from '../support/postgres-server.ts';
import { buildEntry, describeOutbox } from './sql-outbox.ts';

const programs = findPostgres();

suite('the PostgreSQL outbox', { skip: programs === undefined && 'PostgreSQL is not installed' }, () => {
	let server: PostgresServer;
	before(async () => {
		server = await startPostgres(programs ?? '');
	});
	after(() => server[Symbol.asyncDispose]());

	describeOutbox(async (now) => openPostgresOutbox(await server.createDatabase(), now), 2000);

	test('two replicas that start at the same time share one outbox', async () => {
		const url = await server.createDatabase();
		const [one, two] = await Promise.all([openPostgresOutbox(url), openPostgresOutbox(url)]);
		assert.equal(await one.put(buildEntry(1)), 'stored');
		assert.equal(await two.put(buildEntry(1)), 'duplicate');
		const claims = await Promise.all([one.claim(60_000), two.claim(60_000)]);
		assert.equal(claims.filter((claim) => claim !== undefined).length, 1);
		await Promise.all([one.end(), two.end()]);
	});

	test('two replicas that receive the same events in another order store each once', async () => {
		const url = await server.createDatabase();
		const [one, two] = await Promise.all([openPostgresOutbox(url), openPostgresOutbox(url)]);
		const entries = Array.from({ length: 500 }, (_, number) => buildEntry(number));
		const results = await Promise.all([one.accept(entries, undefined), two.accept(entries.toReversed(), undefined)]);
		assert.equal(results.flat().filter((result) => result === 'stored').length, entries.length);
		assert.equal((await one.count()).pending, entries.length);
		await Promise.all([one.end(), two.end()]);
	});

	test('two replicas never claim one change, and never two of one lane', async () => {
		const url = await server.createDatabase();
		const replicas = await Promise.all([openPostgresOutbox(url), openPostgresOutbox(url)]);
		for (let number = 0; number < 60; number += 1) {
			await replicas[0]?.put({ ...buildEntry(number), lane: `lane ${number % 3}` });
		}
		const held = new Map<string, string>();
		const order = new Map<string, number[]>();
		await Promise.all(
			[...replicas, ...replicas, ...replicas].map(async (replica) => {
				for (;;) {
					const claim = await replica.claim(60_000);
					if (claim === undefined) {
						if ((await replica.count()).pending === 0) return;
						continue;
					}
					const number = Number(claim.change.external_id?.slice('gitlab:'.length));
					const lane = `lane ${number % 3}`;
					assert.equal(held.get(lane), undefined, `${lane} is held twice`);
					held.set(lane, claim.key);
					order.set(lane, [...(order.get(lane) ?? []), number]);
					await new Promise((resolve) => setImmediate(resolve));
					held.delete(lane);
					await replica.close(claim, 'recorded', undefined);
				}
			}),
		);
		const numbers = Array.from({ length: 60 }, (_, number) => number);
		for (const lane of [0, 1, 2]) {
			assert.deepEqual(
				order.get(`lane ${lane}`),
				numbers.filter((number) => number % 3 === lane),
			);
		}
		await Promise.all(replicas.map((replica) => replica.end()));
	});

	test('rejects an event that it cannot store, and no other that arrived at the same time', async () => {
		const outbox = await openPostgresOutbox(await server.createDatabase());
		const results = await Promise.allSettled(
			[1, 2, 3, 4].map((number) => outbox.put({ ...buildEntry(number), lane: number === 3 ? 'a\u0000b' : 'a' })),
		);
		assert.deepEqual(
			results.map(({ status }) => status),
			['fulfilled', 'fulfilled', 'rejected', 'fulfilled'],
		);
		assert.deepEqual(
			(await outbox.list()).map(({ change }) => change.external_id),
			['gitlab:1', 'gitlab:2', 'gitlab:4'],
		);
		await outbox.end();
	});

	test('rejects while the server is away, and goes on when it is back', async () => {
		const outbox = await openPostgresOutbox(await server.createDatabase());
		await outbox.put(buildEntry(1));
		await server.stop();
		await assert.rejects(outbox.put(buildEntry(2)), OutboxError);
		await server.start();
		assert.equal(await outbox.put(buildEntry(2)), 'stored');
		assert.equal((await outbox.count()).pending, 2);
		await outbox.end();
	});

	test('reports a server that cannot be reached, without the password', async () => {
		await assert.rejects(openPostgresOutbox('postgres://relay:top-secret-word@127.0.0.1:1/relay'), (error: Error) => {
			assert.match(error.message, /the PostgreSQL database of ALERT24_RELAY_STORE cannot be used \(.*ECONNREFUSED/);
			assert.doesNotMatch(error.message, /top-secret-word/);
			return true;
		});
	});
});
