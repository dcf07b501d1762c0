// `npm run soak`: many commands at once, and a replay that is killed again and again. Every change is recorded once.
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { mkdtemp, readdir } from 'node:fs/promises';
import { availableParallelism, freemem, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, suite, type TestContext, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import fc from 'fast-check';
import { FolderOutbox } from '../src/outbox/folder-outbox.ts';
import { type Alert24StandIn, startAlert24 } from '../stand-in/alert24-stand-in.ts';
import { fuzzSeed } from './fuzz/fuzz-seed.ts';
import { gitlabJob } from './support/run-in-process.ts';
import { type ProgramRun, runProgram } from './support/run-program.ts';

const commands = 100;
const bytesEach = 100 * 1024 * 1024;
const keptChanges = 500;
const kills = 10;
// A change's budget is 60 s. The start of so many programs at once takes some more.
const killAfterMs = 300_000;

const directory = await mkdtemp(join(tmpdir(), 'alert24-soak-'));
after(() => rmSync(directory, { recursive: true, force: true }));

suite('a hundred commands at once', () => {
	test('record every deployment once', (context) => checkCommands(context));

	test('record every deployment once if Alert24 takes 20 changes a second', (context) => checkCommands(context, 20));
});

async function checkCommands(context: TestContext, postsPerSecond?: number): Promise<void> {
	await using alert24 = await startAlert24(postsPerSecond === undefined ? {} : { postsPerSecond });
	// As many at once as the memory holds.
	const atOnce = Math.max(1, Math.min(commands, Math.floor(freemem() / bytesEach)));
	const waiting = Array.from({ length: commands }, (_, index) => `${1000 + index}`);
	const failures: string[] = [];
	let slowestMs = 0;
	const work = async () => {
		for (let jobId = waiting.shift(); jobId !== undefined; jobId = waiting.shift()) {
			const variables = { ...gitlabJob, CI_JOB_ID: jobId, ALERT24_ENVIRONMENT: 'production', ...connect(alert24) };
			await using run = await runProgram([], variables, { killAfterMs });
			slowestMs = Math.max(slowestMs, run.durationMs);
			if (run.exitCode !== 0) failures.push(`${run.exitCode} ${run.signal}: ${run.stderr}`);
		}
	};
	const startedAtMs = performance.now();
	await Promise.all(Array.from({ length: atOnce }, work));
	const seconds = (performance.now() - startedAtMs) / 1000;
	context.diagnostic(
		`${atOnce} at once on ${availableParallelism()} cores: ${alert24.posts.length} POSTs in ${seconds.toFixed(1)} s, the slowest command took ${(slowestMs / 1000).toFixed(1)} s`,
	);
	assert.deepEqual(failures, []);
	assertRecordedOnce(alert24, commands);
}

suite('a replay', () => {
	const seed = fuzzSeed();

	test(`of ${keptChanges} changes, killed ${kills} times, records every change once: seed ${seed}`, async (context) => {
		await using alert24 = await startAlert24();
		const folder = join(directory, 'kept');
		const outbox = new FolderOutbox(folder, { date: Date.now });
		for (let number = 1; number <= keptChanges; number += 1) {
			const id = `gitlab:gitlab.com:4711:job:${number}:production`;
			const change = { summary: `Deployed shop ${number}`, environment: 'production', external_id: id };
			await outbox.put({ change, createdAt: new Date() });
		}
		const moment = fc.record({ share: fc.integer({ min: 0, max: 99 }), delayMs: fc.integer({ min: 0, max: 30 }) });
		const replay = (when: Promise<unknown>): Promise<ProgramRun> =>
			runProgram(
				['replay', folder],
				{ ...connect(alert24), ALERT24_TIMEOUT: '240' },
				{
					killAfterMs,
					interrupt: { signal: 'SIGKILL', when },
				},
			);
		const recorded: number[] = [];
		for (const [index, { share, delayMs }] of fc.sample(fc.noBias(moment), { seed, numRuns: kills }).entries()) {
			// Each remaining change takes a lookup and a POST at least, so that no replay ends before it is killed.
			const requests = (2 * (keptChanges - alert24.changes.length)) / (kills - index + 1);
			const number = alert24.requests.length + 1 + Math.floor((share / 100) * requests);
			await using run = await replay(alert24.nthRequest(number).then(() => wait(delayMs)));
			assert.equal(run.signal, 'SIGKILL', run.stderr);
			recorded.push(alert24.changes.length);
		}
		context.diagnostic(`killed with ${recorded.join(', ')} changes recorded`);
		await using last = await replay(new Promise(() => undefined));
		assert.equal(last.exitCode, 0, last.stderr);
		assertRecordedOnce(alert24, keptChanges);
		const left = (await readdir(folder)).filter((name) => !name.endsWith('.tmp'));
		assert.deepEqual(left, []);
	});
});

function connect(alert24: Alert24StandIn): Record<string, string> {
	return { ALERT24_API_KEY: alert24.apiKey, ALERT24_API_URL: alert24.url };
}

function assertRecordedOnce({ changes }: Alert24StandIn, expected: number): void {
	const ids = changes.map(({ external_id: id }) => id);
	assert.equal(new Set(ids).size, expected, 'a change is lost');
	assert.equal(ids.length, expected, 'a change is recorded twice');
}
