import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { suite, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import type { UndeliveredChange } from '../../src/outbox/undelivered-file.ts';
import { type Alert24StandIn, startAlert24 } from '../../stand-in/alert24-stand-in.ts';
import { makePath, type Trial, tryDelivery } from '../support/delivery-trial.ts';
import { runProgram } from '../support/run-program.ts';

const tooBusy = { kind: 'status', status: 429, headers: { 'Retry-After': '3600' } } as const;

/** Leaves a file of the changes of these services behind, none of them recorded. */
async function leaveUndelivered(alert24: Alert24StandIn, services = 'svc_1,svc_2,svc_3'): Promise<string> {
	alert24.failAlways(tooBusy);
	const { undeliveredFile } = await tryDelivery(alert24, { variables: { ALERT24_SERVICE_ID: services } });
	alert24.heal();
	assert.equal(readChanges(undeliveredFile).length, services.split(',').length);
	return undeliveredFile;
}

function replay(alert24: Alert24StandIn, path: string, signal = new AbortController().signal): Promise<Trial> {
	const key = { ALERT24_API_KEY: alert24.apiKey, ALERT24_API_URL: alert24.url, ALERT24_UNDELIVERED_FILE: path };
	return tryDelivery(alert24, { argv: ['replay', path], variables: key, signal });
}

function readChanges(path: string): UndeliveredChange[] {
	return JSON.parse(readFileSync(path, 'utf8')).changes;
}

function servicesIn(changes: readonly { readonly [field: string]: unknown }[]): unknown[] {
	return changes.map(({ service_id }) => service_id);
}

suite('replay', { concurrency: true }, () => {
	test('sends exactly what is kept, with the same Idempotency-Key, and empties the file', async () => {
		await using alert24 = await startAlert24();
		const path = await leaveUndelivered(alert24);
		const tried = new Map(alert24.posts.map(({ body, headers }) => [body, headers['idempotency-key']]));
		const { exitCode, stdout } = await replay(alert24, path);
		assert.equal(exitCode, 0);
		assert.equal(stdout.match(/^Recorded: /gm)?.length, 3);
		for (const { body, headers } of alert24.posts) assert.equal(headers['idempotency-key'], tried.get(body));
		assert.equal(alert24.changes.length, 3);
		assert.deepEqual(readChanges(path), []);
		assert.equal(statSync(path).mode & 0o777, 0o600);
	});

	test('needs no variables of a CI but the key', async () => {
		await using alert24 = await startAlert24();
		const path = await leaveUndelivered(alert24, 'svc_1');
		const variables = { ALERT24_API_KEY: alert24.apiKey, ALERT24_API_URL: alert24.url };
		await using run = await runProgram(['replay', path], variables);
		assert.equal(run.exitCode, 0, run.stderr);
		assert.deepEqual(servicesIn(alert24.sentChanges), ['svc_1']);
	});

	test('run twice, says the second time that nothing is left', async () => {
		await using alert24 = await startAlert24();
		const path = await leaveUndelivered(alert24);
		await replay(alert24, path);
		const again = await replay(alert24, path);
		assert.equal(again.exitCode, 0);
		assert.match(again.stdout, /^Nothing to replay: /);
		assert.equal(alert24.changes.length, 3);
	});

	test('of a file that was copied before the first replay, records nothing twice', async () => {
		await using alert24 = await startAlert24();
		const path = await leaveUndelivered(alert24);
		const copy = makePath();
		writeFileSync(copy, readFileSync(path));
		await replay(alert24, path);
		const again = await replay(alert24, copy);
		assert.equal(again.stdout.match(/^Already recorded: /gm)?.length, 3);
		assert.equal(alert24.changes.length, 3);
		assert.deepEqual(readChanges(copy), []);
	});

	test('of a file that holds a change twice, records it once', async () => {
		await using alert24 = await startAlert24();
		const path = await leaveUndelivered(alert24, 'svc_1');
		const document = JSON.parse(readFileSync(path, 'utf8'));
		writeFileSync(path, JSON.stringify({ ...document, changes: [...document.changes, ...document.changes] }));
		assert.equal((await replay(alert24, path)).exitCode, 0);
		assert.equal(alert24.changes.length, 1);
	});

	test('keeps what still fails and counts on, and the next one sends that alone', async () => {
		await using alert24 = await startAlert24({ services: ['svc_1', 'svc_3'] });
		const path = await leaveUndelivered(alert24);
		const first = await replay(alert24, path);
		assert.equal(first.exitCode, 4);
		assert.match(first.stderr, /keeps what is still not recorded: 1 of 3/);
		const [kept] = readChanges(path);
		assert.deepEqual([kept?.change.service_id, kept?.state, kept?.attempts], ['svc_2', 'refused', 2]);
		const count = alert24.posts.length;
		await replay(alert24, path);
		assert.deepEqual(
			alert24.posts.slice(count).map(({ body }) => JSON.parse(body).service_id),
			['svc_2'],
		);
		assert.equal(alert24.changes.length, 2);
	});

	test('that gets nothing done keeps everything, in order', async () => {
		await using alert24 = await startAlert24();
		const path = await leaveUndelivered(alert24);
		alert24.failAlways(tooBusy);
		assert.equal((await replay(alert24, path)).exitCode, 5);
		assert.deepEqual(servicesIn(readChanges(path).map(({ change }) => change)), ['svc_1', 'svc_2', 'svc_3']);
	});

	test('killed between a record and the file, is repeated and records nothing twice', async () => {
		await using alert24 = await startAlert24();
		const path = await leaveUndelivered(alert24);
		const before = alert24.requests.length;
		alert24.failAlways({ kind: 'late', delayMs: 20_000 });
		const variables = { ALERT24_API_KEY: alert24.apiKey, ALERT24_API_URL: alert24.url };
		// Three looks, then three POSTs that are recorded and not answered.
		const interrupt = { signal: 'SIGKILL', when: alert24.nthRequest(before + 6) } as const;
		await using killed = await runProgram(['replay', path], variables, { interrupt });
		assert.equal(killed.signal, 'SIGKILL');
		assert.deepEqual([alert24.changes.length, readChanges(path).length], [3, 3]);
		alert24.heal();
		const again = await replay(alert24, path);
		assert.equal(again.stdout.match(/^Already recorded: /gm)?.length, 3);
		assert.equal(alert24.changes.length, 3);
		assert.deepEqual(readChanges(path), []);
	});

	test('takes each change from the file as soon as it is recorded', async () => {
		await using alert24 = await startAlert24();
		const path = await leaveUndelivered(alert24, 'svc_1,svc_2');
		const before = alert24.requests.length;
		alert24.failWith({ kind: 'none' }, { kind: 'silence' });
		const interruption = new AbortController();
		const running = replay(alert24, path, interruption.signal);
		await alert24.nthRequest(before + 4);
		const patienceEndsMs = performance.now() + 5000;
		while (readChanges(path).length === 2 && performance.now() < patienceEndsMs) await setImmediate();
		const left = readChanges(path).length;
		interruption.abort();
		assert.equal((await running).exitCode, 5);
		assert.equal(left, 1);
	});

	test('whose file cannot be updated says so, and harms nothing', async () => {
		await using alert24 = await startAlert24();
		const path = await leaveUndelivered(alert24, 'svc_1');
		// Beside this one no file with a longer name can be made, not even by root.
		const longName = join(dirname(path), 'x'.repeat(240));
		copyFileSync(path, longName);
		const run = await replay(alert24, longName);
		assert.equal(run.exitCode, 0, run.stderr);
		assert.match(run.stderr, /could not be updated \(ENAMETOOLONG\); replaying it again records nothing twice/);
		const again = await replay(alert24, path);
		assert.match(again.stdout, /^Already recorded: /);
		assert.equal(alert24.changes.length, 1);
	});

	test('waits for another replay of the same file, and then finds nothing left to record', async () => {
		await using alert24 = await startAlert24();
		const path = await leaveUndelivered(alert24, 'svc_1,svc_2,svc_3');
		alert24.failListsWith(...Array.from({ length: 6 }, () => ({ kind: 'late', delayMs: 300 }) as const));
		const both = await Promise.all([replay(alert24, path), replay(alert24, path)]);
		assert.deepEqual(
			both.map(({ exitCode }) => exitCode),
			[0, 0],
		);
		assert.match(both.map(({ stdout }) => stdout).join(''), /Nothing to replay/);
		assert.equal(alert24.changes.length, 3);
	});
});
