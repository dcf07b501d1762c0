import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { suite, test } from 'node:test';
import type { Fault } from '../../stand-in/alert24-faults.ts';
import { type Alert24StandIn, startAlert24 } from '../../stand-in/alert24-stand-in.ts';
import { makePath, makeVariables, readUndelivered, tryDelivery } from '../support/delivery-trial.ts';
import { runProgram } from '../support/run-program.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const externalId = 'gitlab:gitlab.com:4711:job:903311:production';

function replay(alert24: Alert24StandIn, path: string, stdin = '') {
	return tryDelivery(alert24, { argv: ['replay', path], variables: { ALERT24_UNDELIVERED_DIR: path }, stdin });
}

suite('a change that is not recorded', { concurrency: true }, () => {
	test('is kept exactly as it was sent, with the reason, the attempts, the times and the request id', async () => {
		await using alert24 = await startAlert24();
		alert24.failAlways({ kind: 'status', status: 503 });
		const before = Date.now();
		const { undelivered, pauses } = await tryDelivery(alert24, {
			variables: { CI_COMMIT_MESSAGE: 'ü "\\ \u001b[31m\n*' },
		});
		const {
			change,
			created_at: createdAt,
			failed_at: failedAt,
			...facts
		} = undelivered[0] ?? assert.fail('nothing is kept');
		assert.deepEqual(change, JSON.parse(alert24.posts[0]?.body ?? ''));
		assert.deepEqual(facts, {
			state: 'undelivered',
			reason: 'Alert24 answered 503 (unknown_error: "Service Unavailable"); the time of ALERT24_TIMEOUT is used up',
			attempts: alert24.posts.length,
			request_id: alert24.posts.at(-1)?.requestId,
		});
		assert.ok(Date.parse(createdAt) >= before && Date.parse(createdAt) <= Date.now());
		const waited = pauses.reduce((sum, pause) => sum + pause, 0);
		assert.ok(Date.parse(String(failedAt)) >= before + waited - 1);
	});

	test('is kept if the key is missing, and the message ends with the command that sends it', async () => {
		await using alert24 = await startAlert24();
		const { exitCode, stderr, undeliveredDir } = await tryDelivery(alert24, { variables: { ALERT24_API_KEY: '' } });
		assert.equal(exitCode, 2);
		assert.match(stderr, /ALERT24_API_KEY is not set/);
		assert.ok(stderr.endsWith(`alert24-notify replay ${undeliveredDir}\n`), stderr);
		assert.equal((await replay(alert24, undeliveredDir)).exitCode, 0);
		assert.equal(alert24.changes[0]?.external_id, externalId);
		assert.deepEqual(readdirSync(undeliveredDir), []);
	});

	const messages: Record<string, [variables: Record<string, string>, message: RegExp]> = {
		'one change': [{}, /: The undelivered change is in "\S+"\. Send it later, to the same ALERT24_API_URL, with: /],
		'two changes': [
			{ ALERT24_SERVICE_ID: 'svc_1,svc_2' },
			/: The undelivered changes are in "\S+"\. Send them later, to the same ALERT24_API_URL, with: /,
		],
		'a change without a key': [{ ALERT24_API_KEY: '' }, /: The undelivered change is in "\S+"\. Send it later, /],
	};
	for (const [title, [variables, message]] of Object.entries(messages)) {
		test(`is in the folder that the message names: ${title}`, async () => {
			await using alert24 = await startAlert24();
			alert24.failAlways({ kind: 'status', status: 503 });
			assert.match((await tryDelivery(alert24, { variables })).stderr, message);
		});
	}

	test('is kept if the proxy is unusable', async () => {
		await using alert24 = await startAlert24();
		const variables = { ALERT24_API_URL: 'https://app.alert24.net', HTTPS_PROXY: 'ftp://proxy.example.com' };
		const { exitCode, stderr, undelivered } = await tryDelivery(alert24, { variables });
		assert.equal(exitCode, 2);
		assert.match(stderr, /HTTPS_PROXY must be the URL of an HTTP proxy, .*\n.*alert24-notify replay \S+\n$/);
		assert.deepEqual(
			undelivered.map(({ change }) => change.external_id),
			[externalId],
		);
	});

	test('is not kept if a setting that it contains is invalid', async () => {
		await using alert24 = await startAlert24();
		const variables = { ALERT24_API_KEY: '', ALERT24_ENVIRONMENT: '$TARGET' };
		const { exitCode, undelivered } = await tryDelivery(alert24, { variables });
		assert.deepEqual([exitCode, undelivered], [2, []]);
	});

	test('is not kept if nothing failed, by a dry run, or if it was not to be recorded', async () => {
		await using alert24 = await startAlert24();
		for (const variables of [{}, { ALERT24_DRY_RUN: 'true' }, { CI_JOB_STATUS: 'failed' }]) {
			assert.deepEqual((await tryDelivery(alert24, { variables })).undelivered, []);
		}
	});

	test('is looked up first by a retry of the job that finds its file', async () => {
		await using alert24 = await startAlert24();
		const variables = { ALERT24_UNDELIVERED_DIR: makePath() };
		alert24.failWith({ kind: 'status', status: 500, recordsFirst: true });
		alert24.failListsAlways({ kind: 'status', status: 403 });
		alert24.failWith({ kind: 'status', status: 400 });
		assert.equal((await tryDelivery(alert24, { variables })).undelivered.length, 1);
		alert24.heal();
		assert.match((await tryDelivery(alert24, { variables })).stdout, /^Already recorded: /);
		assert.equal(alert24.changes.length, 1);
	});

	test('states when the deployment ended if the job is retried more than 15 minutes later', async () => {
		await using alert24 = await startAlert24();
		const clock = new VirtualClock();
		const options = { variables: { ALERT24_UNDELIVERED_DIR: makePath() }, clock };
		alert24.failWith({ kind: 'status', status: 400 });
		const [kept] = (await tryDelivery(alert24, options)).undelivered;
		await clock.sleep(16 * 60_000);
		assert.equal((await tryDelivery(alert24, options)).exitCode, 0);
		const [sent] = alert24.sentChanges;
		assert.equal(sent?.['description'], `Recorded later; the deployment ended at ${kept?.created_at}`);
		assert.deepEqual(sent?.['tags'], ['gitlab', 'production', 'recorded-late']);
	});

	test('names the folder as a shell reads it', async () => {
		await using alert24 = await startAlert24();
		alert24.failAlways({ kind: 'status', status: 401 });
		const folder = join(dirname(makePath()), "it's here");
		const { stderr } = await tryDelivery(alert24, { variables: { ALERT24_UNDELIVERED_DIR: folder } });
		assert.ok(stderr.endsWith(`alert24-notify replay '${dirname(folder)}/it'\\''s here'\n`), stderr);
	});
});

suite('a folder that cannot be written', { concurrency: true }, () => {
	const places: [title: string, makeFolder: () => string, cause: RegExp][] = [
		['is a file', () => makeFile(), /cannot be written \(EEXIST\)/],
		['is below a file', () => join(makeFile(), 'x'), /cannot be written \(ENOTDIR\)/],
		[
			'is in a file system without files',
			() => '/proc/self/alert24',
			/cannot be written \((ENOENT|EACCES|EPERM|EROFS)\)/,
		],
		['is a link to nowhere', () => makeLink(), /cannot be written \(E[A-Z]+\)/],
	];
	for (const [title, makeFolder, cause] of places) {
		test(`stops no delivery, and the log contains the change as one line: ${title}`, async () => {
			await using alert24 = await startAlert24();
			alert24.failWith({ kind: 'status', status: 401 });
			const { exitCode, stderr } = await tryDelivery(alert24, {
				variables: {
					ALERT24_UNDELIVERED_DIR: makeFolder(),
					CI_COMMIT_MESSAGE: 'section_start:1:x\r\u001b[0K "\\ ü\n\u2028',
				},
			});
			assert.equal(exitCode, 4);
			assert.match(stderr, cause);
			assert.doesNotMatch(stderr, /section_start:|\u001b|\r|\u2028/);
			assert.equal((await replayStdin(alert24, stderr)).exitCode, 0, stderr);
			assert.equal(alert24.sentChanges[0]?.['commit_message'], 'section_start:1:x\r\u001b[0K "\\ ü\n\u2028');
		});
	}

	test('is not a problem if the change is recorded', async () => {
		await using alert24 = await startAlert24();
		const { exitCode, stdout } = await tryDelivery(alert24, { variables: { ALERT24_UNDELIVERED_DIR: makeFile() } });
		assert.equal(exitCode, 0);
		assert.match(stdout, /^Recorded: /);
	});

	function replayStdin(alert24: Alert24StandIn, stdin: string) {
		return tryDelivery(alert24, { argv: ['replay', '-'], stdin });
	}

	function makeFile(): string {
		const path = makePath();
		writeFileSync(path, 'precious');
		return path;
	}

	function makeLink(): string {
		const path = makePath();
		symlinkSync('/nowhere/at/all', path);
		return path;
	}
});

suite('kill -9', { concurrency: 4 }, () => {
	const silent: Fault = { kind: 'silence' };
	const moments: Record<string, { post: Fault; records: number }> = {
		'during the first attempt, which is not recorded': { post: silent, records: 0 },
		'during the first attempt, which is recorded': { post: { kind: 'silence', recordsFirst: true }, records: 1 },
	};
	for (const [moment, { post, records }] of Object.entries(moments)) {
		test(`${moment}, loses nothing, and the replay records nothing twice`, async () => {
			await using alert24 = await startAlert24();
			alert24.failAlways(post);
			const folder = makePath();
			const variables = {
				...makeVariables(alert24),
				ALERT24_UNDELIVERED_DIR: folder,
				ALERT24_SERVICE_ID: 'svc_1,svc_2',
			};
			const interrupt = { signal: 'SIGKILL', when: alert24.nthRequest(2) } as const;
			await using run = await runProgram([], variables, { interrupt });
			assert.equal(run.signal, 'SIGKILL');
			assert.equal(alert24.changes.length, 2 * records);
			assert.deepEqual(
				readUndelivered(folder).map(({ change, state }) => [change.service_id, state]),
				[
					['svc_1', 'pending'],
					['svc_2', 'pending'],
				],
			);
			alert24.heal();
			assert.equal((await replay(alert24, folder)).exitCode, 0);
			assert.equal(alert24.changes.length, 2);
		});
	}

	const count = 20;
	for (const left of [20, 19, 14, 9, 4, 1]) {
		test(`with ${left} of ${count} changes left in the folder, loses nothing and leaves whole files`, async () => {
			await using alert24 = await startAlert24();
			// One file after the other is removed; the responses for the rest do not come.
			const delayOf = (index: number) => (index < count - left ? 5 * index : 60_000);
			alert24.failWith(...Array.from({ length: count }, (_, i): Fault => ({ kind: 'late', delayMs: delayOf(i) })));
			const folder = makePath();
			const services = Array.from({ length: count }, (_, index) => `svc_${index}`);
			const variables = {
				...makeVariables(alert24),
				ALERT24_UNDELIVERED_DIR: folder,
				ALERT24_SERVICE_ID: services.join(','),
			};
			const when = alert24.nthRequest(1).then(() => untilFolderHas(folder, left));
			await using run = await runProgram([], variables, { interrupt: { signal: 'SIGKILL', when } });
			assert.equal(run.signal, 'SIGKILL');
			const kept = listChanges(folder);
			const inFolder = kept.map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')).change.service_id);
			const recorded = alert24.changes.map(({ service_id: id }) => id);
			assert.equal(inFolder.length, left);
			assert.deepEqual(new Set([...inFolder, ...recorded]), new Set(services));
			alert24.heal();
			if (inFolder.length > 0) assert.equal((await replay(alert24, folder)).exitCode, 0, run.stderr);
			assert.equal(alert24.changes.length, services.length);
			assert.deepEqual(new Set(alert24.changes.map(({ service_id: id }) => id)), new Set(services));
		});
	}
});

function listChanges(folder: string): string[] {
	return readdirSync(folder).filter((name) => name.endsWith('.json'));
}

async function untilFolderHas(folder: string, most: number): Promise<void> {
	while (listChanges(folder).length > most) await new Promise((resolve) => setTimeout(resolve, 2));
}

suite('a second SIGTERM', () => {
	test('loses nothing', async () => {
		await using alert24 = await startAlert24();
		alert24.failAlways({ kind: 'silence' });
		const folder = makePath();
		mkdirSync(folder);
		const variables = { ...makeVariables(alert24), ALERT24_UNDELIVERED_DIR: folder };
		const source = `process.on('SIGTERM', () => process.kill(process.pid, 'SIGTERM'));`;
		const nodeOptions = ['--import', `data:text/javascript,${encodeURIComponent(source)}`];
		const interrupt = { signal: 'SIGTERM', when: alert24.nthRequest(1) } as const;
		await using run = await runProgram([], variables, { interrupt, nodeOptions });
		assert.notEqual(run.exitCode, 0);
		assert.equal(readUndelivered(folder)[0]?.change.external_id, externalId);
	});
});
