import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { type Alert24StandIn, startAlert24 } from '../../stand-in/alert24-stand-in.ts';
import { makePath, readUndelivered, type Trial, type TrialOptions, tryDelivery } from '../support/delivery-trial.ts';
import { runProgram } from '../support/run-program.ts';

const tooBusy = { kind: 'status', status: 429, headers: { 'Retry-After': '3600' } } as const;
const listFormat = { format: 'alert24-notify undelivered changes', version: 1 };

/** Leaves a folder with one undelivered change for each service. */
async function leaveUndelivered(alert24: Alert24StandIn, services = 'svc_1,svc_2,svc_3'): Promise<string> {
	alert24.failAlways(tooBusy);
	const { undeliveredDir, undelivered } = await tryDelivery(alert24, { variables: { ALERT24_SERVICE_ID: services } });
	alert24.heal();
	assert.equal(undelivered.length, services.split(',').length);
	return undeliveredDir;
}

function replay(alert24: Alert24StandIn, path: string, options: TrialOptions = {}): Promise<Trial> {
	const variables = { ALERT24_UNDELIVERED_DIR: path === '-' ? makePath() : path, ...options.variables };
	return tryDelivery(alert24, { ...options, argv: ['replay', path, ...(options.argv ?? [])], variables });
}

function servicesOf(changes: readonly { readonly [field: string]: unknown }[]): unknown[] {
	return changes.map(({ service_id: id }) => id).sort();
}

suite('replay', { concurrency: true }, () => {
	test('sends what the folder contains, with the same Idempotency-Key, and empties the folder', async () => {
		await using alert24 = await startAlert24();
		const folder = await leaveUndelivered(alert24);
		const keys = new Set(alert24.posts.map(({ headers }) => headers['idempotency-key']));
		const { exitCode, stdout } = await replay(alert24, folder);
		assert.equal(exitCode, 0);
		assert.equal(stdout.match(/^Recorded: /gm)?.length, 3);
		assert.deepEqual(new Set(alert24.posts.map(({ headers }) => headers['idempotency-key'])), keys);
		assert.deepEqual(servicesOf(alert24.sentChanges), ['svc_1', 'svc_2', 'svc_3']);
		assert.deepEqual(readdirSync(folder), []);
	});

	test('marks each change as recorded late, with the time at which the deployment ended', async () => {
		await using alert24 = await startAlert24();
		const folder = await leaveUndelivered(alert24, 'svc_1');
		const [kept] = readUndelivered(folder);
		await replay(alert24, folder);
		assert.deepEqual(alert24.sentChanges, [
			{
				...kept?.change,
				description: `Recorded later; the deployment ended at ${kept?.created_at}`,
				tags: ['gitlab', 'production', 'recorded-late'],
			},
		]);
	});

	test('needs no variable of a CI, and only the key', async () => {
		await using alert24 = await startAlert24();
		const folder = await leaveUndelivered(alert24, 'svc_1');
		const variables = { ALERT24_API_KEY: alert24.apiKey, ALERT24_API_URL: alert24.url };
		await using run = await runProgram(['replay', folder], variables);
		assert.equal(run.exitCode, 0, run.stderr);
		assert.deepEqual(servicesOf(alert24.sentChanges), ['svc_1']);
	});

	test('prints "Nothing to replay" for a folder that is empty, missing, or replayed before', async () => {
		await using alert24 = await startAlert24();
		const folder = await leaveUndelivered(alert24);
		await replay(alert24, folder);
		const empty = makePath();
		mkdirSync(empty);
		for (const path of [folder, empty]) {
			const { exitCode, stdout } = await replay(alert24, path);
			assert.deepEqual([exitCode, stdout], [0, `Nothing to replay: "${path}" contains no undelivered change\n`]);
		}
		const missing = makePath();
		const { exitCode, stdout } = await replay(alert24, missing);
		assert.deepEqual([exitCode, stdout], [0, `Nothing to replay: "${missing}" does not exist\n`]);
		assert.equal(alert24.changes.length, 3);
	});

	test('records nothing twice from a copy of the folder', async () => {
		await using alert24 = await startAlert24();
		const folder = await leaveUndelivered(alert24);
		const copy = makePath();
		mkdirSync(copy);
		for (const name of readdirSync(folder)) writeFileSync(join(copy, name), readFileSync(join(folder, name)));
		await replay(alert24, folder);
		const again = await replay(alert24, copy);
		assert.equal(again.stdout.match(/^Already recorded: /gm)?.length, 3);
		assert.equal(alert24.changes.length, 3);
		assert.deepEqual(readdirSync(copy), []);
	});

	test('sends one file of the folder', async () => {
		await using alert24 = await startAlert24();
		const folder = await leaveUndelivered(alert24);
		const [name = ''] = readdirSync(folder);
		assert.equal((await replay(alert24, join(folder, name))).exitCode, 0);
		assert.equal(alert24.changes.length, 1);
		assert.equal(readdirSync(folder).length, 2);
	});

	test('sends the changes of a file of version 1.0.0, and removes from it what is recorded', async () => {
		await using alert24 = await startAlert24({ services: ['svc_1'] });
		const path = makePath();
		const entry = (service: string) => ({
			change: { summary: 'x', environment: 'production', service_id: service, external_id: `gitlab:1:${service}` },
			state: 'undelivered',
			reason: 'x',
			attempts: 2,
			failed_at: '2026-10-01T00:00:00.000Z',
		});
		writeFileSync(path, JSON.stringify({ ...listFormat, changes: [entry('svc_1'), entry('svc_2')] }));
		const { exitCode, stderr } = await replay(alert24, path, { variables: { ALERT24_UNDELIVERED_DIR: makePath() } });
		assert.equal(exitCode, 4);
		assert.match(stderr, /keeps the changes that are still not recorded: 1 of 2\n$/);
		assert.deepEqual(servicesOf(alert24.sentChanges), ['svc_1']);
		const { changes, ...document } = JSON.parse(readFileSync(path, 'utf8'));
		assert.deepEqual(document, listFormat);
		assert.deepEqual(
			changes.map(({ change, state, attempts }: ReturnType<typeof entry>) => [change.service_id, state, attempts]),
			[['svc_2', 'refused', 3]],
		);
	});

	test('counts the attempts of a change that still fails, and sends only that the next time', async () => {
		await using alert24 = await startAlert24({ services: ['svc_1', 'svc_3'] });
		const folder = await leaveUndelivered(alert24);
		const first = await replay(alert24, folder);
		assert.equal(first.exitCode, 4);
		assert.deepEqual(
			first.undelivered.map(({ change, state, attempts }) => [change.service_id, state, attempts]),
			[['svc_2', 'refused', 2]],
		);
		const count = alert24.posts.length;
		await replay(alert24, folder);
		assert.deepEqual(servicesOf(alert24.posts.slice(count).map(({ body }) => JSON.parse(body))), ['svc_2']);
	});

	test('keeps a change that a portal confirms instead of Alert24', async () => {
		await using alert24 = await startAlert24();
		const folder = await leaveUndelivered(alert24, 'svc_1');
		const portal = { kind: 'status', status: 200, body: 'html', recordsFirst: false, isForeign: true } as const;
		alert24.failAlways(portal);
		alert24.failListsAlways(portal);
		const { exitCode, undelivered } = await replay(alert24, folder);
		assert.equal(exitCode, 5);
		assert.match(
			undelivered[0]?.reason ?? '',
			/^the answer 200 does not confirm the change: a page that begins with "/,
		);
	});

	test('reports damaged and foreign files, leaves them, and sends the others', async () => {
		await using alert24 = await startAlert24();
		const folder = await leaveUndelivered(alert24, 'svc_1');
		writeFileSync(join(folder, 'cut.json'), '{"format":');
		writeFileSync(join(folder, 'package.json'), '{}');
		writeFileSync(join(folder, 'x.json.1.tmp'), '{"format":');
		const run = (await runReplay(alert24, folder)) as Trial;
		assert.equal(run.exitCode, 2);
		assert.match(run.stderr, /cut\.json" is damaged: it is not JSON; it is left as it is\n/);
		assert.match(run.stderr, /package\.json" is not an undelivered change; it is left as it is\n/);
		assert.match(run.stdout, /^Recorded: /);
		assert.deepEqual(readdirSync(folder).sort(), ['cut.json', 'package.json', 'x.json.1.tmp']);
	});

	test('succeeds beside a file that a killed process did not finish', async () => {
		await using alert24 = await startAlert24();
		const folder = await leaveUndelivered(alert24, 'svc_1');
		writeFileSync(join(folder, 'x.json.1.tmp'), '{"format":');
		const { exitCode, stderr } = (await runReplay(alert24, folder)) as Trial;
		assert.match(stderr, /x\.json\.1\.tmp" is damaged: it is not JSON; it is left as it is\n/);
		assert.equal(exitCode, 0);
	});

	test('sends at most 50 changes at once, and each of 60 once, also if it is killed in the middle', async () => {
		await using alert24 = await startAlert24();
		const path = makePath();
		const changes = Array.from({ length: 60 }, (_, index) => ({
			change: { summary: 'x', environment: 'production', external_id: `gitlab:${index}` },
			state: 'undelivered',
			failed_at: new Date().toISOString(),
		}));
		writeFileSync(path, JSON.stringify({ ...listFormat, changes }));
		const variables = { ALERT24_API_KEY: alert24.apiKey, ALERT24_API_URL: alert24.url };
		alert24.failAlways({ kind: 'late', delayMs: 60_000 });
		const interrupt = { signal: 'SIGKILL', when: untilPosts(alert24, 50) } as const;
		await using killed = await runProgram(['replay', path], variables, { interrupt });
		assert.equal(killed.signal, 'SIGKILL');
		assert.equal(alert24.posts.length, 50);
		alert24.heal();
		assert.equal((await replay(alert24, path)).exitCode, 0);
		assert.equal(alert24.changes.length, 60);
		assert.deepEqual(JSON.parse(readFileSync(path, 'utf8')).changes, []);
	});

	test('needs the key, and removes nothing without it', async () => {
		await using alert24 = await startAlert24();
		const folder = await leaveUndelivered(alert24);
		const { exitCode, stderr, undelivered } = await replay(alert24, folder, { variables: { ALERT24_API_KEY: '' } });
		assert.equal(exitCode, 2);
		assert.match(stderr, /ALERT24_API_KEY is not set/);
		assert.equal(undelivered.length, 3);
	});

	test('of a folder by two processes at the same time loses nothing', async () => {
		await using alert24 = await startAlert24();
		const folder = await leaveUndelivered(alert24);
		const both = await Promise.all([replay(alert24, folder), replay(alert24, folder)]);
		assert.deepEqual(
			both.map(({ exitCode }) => exitCode),
			[0, 0],
		);
		assert.deepEqual(new Set(servicesOf(alert24.sentChanges)), new Set(['svc_1', 'svc_2', 'svc_3']));
		assert.deepEqual(readdirSync(folder), []);
	});
});

/** Resolves when the stand-in has received so many POSTs. On a busy machine any number of lookups is between them. */
async function untilPosts(alert24: Alert24StandIn, count: number): Promise<void> {
	for (let number = 1; alert24.posts.length < count; number += 1) await alert24.nthRequest(number);
}

/** A replay of a folder that also contains other files. */
async function runReplay(
	alert24: Alert24StandIn,
	folder: string,
): Promise<Pick<Trial, 'exitCode' | 'stdout' | 'stderr'>> {
	const variables = { ALERT24_API_KEY: alert24.apiKey, ALERT24_API_URL: alert24.url };
	const run = await runProgram(['replay', folder], variables);
	await run[Symbol.asyncDispose]();
	return { exitCode: run.exitCode ?? -1, stdout: run.stdout, stderr: run.stderr };
}

suite('replay -', { concurrency: true }, () => {
	const line = (service: string) =>
		JSON.stringify({
			format: 'alert24-notify undelivered change',
			version: 2,
			created_at: '2026-11-02T12:00:00Z',
			change: { summary: 'x', environment: 'production', service_id: service, external_id: `gitlab:1:${service}` },
		});

	test('reads the changes from the log of a job', async () => {
		await using alert24 = await startAlert24();
		const stdin = `$ deploy\n${line('svc_1')}\n2026-11-02T12:00:01.000000Z 01O ${line('svc_2')}\r\nJob succeeded\n`;
		const { exitCode, undelivered } = await replay(alert24, '-', { stdin });
		assert.equal(exitCode, 0);
		assert.deepEqual(servicesOf(alert24.sentChanges), ['svc_1', 'svc_2']);
		assert.deepEqual(undelivered, []);
	});

	test('ignores a change in the middle of a line, which a hostile summary can imitate', async () => {
		await using alert24 = await startAlert24();
		const stdin = `NOT RECORDED: ${line('svc_1')} in "production": the reason\n2026-11-02 ${line('svc_2')}\n`;
		const { exitCode, stdout } = await replay(alert24, '-', { stdin });
		assert.deepEqual([exitCode, stdout], [0, 'Nothing to replay: stdin contains no undelivered change\n']);
	});

	test('reads a file of version 1.0.0', async () => {
		await using alert24 = await startAlert24();
		const entry = { ...JSON.parse(line('svc_1')), state: 'undelivered' };
		const stdin = JSON.stringify({ ...listFormat, changes: [entry] }, undefined, 2);
		assert.equal((await replay(alert24, '-', { stdin })).exitCode, 0);
		assert.deepEqual(servicesOf(alert24.sentChanges), ['svc_1']);
	});

	test('keeps what is not recorded in ALERT24_UNDELIVERED_DIR', async () => {
		await using alert24 = await startAlert24({ services: ['svc_1'] });
		const { exitCode, undelivered } = await replay(alert24, '-', { stdin: `${line('svc_1')}\n${line('svc_2')}\n` });
		assert.equal(exitCode, 4);
		assert.deepEqual(
			undelivered.map(({ change, created_at: createdAt }) => [change.service_id, createdAt]),
			[['svc_2', '2026-11-02T12:00:00.000Z']],
		);
	});

	test('reports a damaged line, and sends the others', async () => {
		await using alert24 = await startAlert24();
		const { exitCode, stderr } = await replay(alert24, '-', {
			stdin: `${line('svc_1').slice(0, -9)}\n${line('svc_2')}`,
		});
		assert.equal(exitCode, 2);
		assert.match(stderr, /line 1 is damaged: it is not JSON/);
		assert.deepEqual(servicesOf(alert24.sentChanges), ['svc_2']);
	});

	test('prints "Nothing to replay" without a change', async () => {
		await using alert24 = await startAlert24();
		const { exitCode, stdout, undeliveredDir } = await replay(alert24, '-', { stdin: 'Job succeeded\n' });
		assert.deepEqual([exitCode, stdout], [0, 'Nothing to replay: stdin contains no undelivered change\n']);
		assert.equal(existsSync(undeliveredDir), false);
	});
});
