// Starts a hundred commands at once against one stand-in of Alert24 on this machine, and counts what was recorded: first with a
// healthy stand-in, then with one that takes 20 changes a second. Ends with 1 where a change was lost or recorded twice.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { freemem } from 'node:os';
import { join } from 'node:path';
import { type Alert24StandIn, startAlert24 } from '../stand-in/alert24-stand-in.ts';
import { gitlabJob } from '../test/support/run-in-process.ts';
import { type ProgramRun, runProgram } from '../test/support/run-program.ts';

const commands = 100;
const bytesEach = 100 * 1024 * 1024;
/** The default budget, what the start of so many programs at once may take, and some more. */
const longestRunMs = 150_000;

type Outcome = Readonly<{ exitCode: number | null; durationMs: number; kept: string[] }>;

/** As many at once as the memory bears; where that is less than all, the next begins when one has ended. */
async function runAll(alert24: Alert24StandIn): Promise<Outcome[]> {
	const atOnce = Math.max(1, Math.min(commands, Math.floor(freemem() / bytesEach)));
	console.log(`  ${commands} commands, ${atOnce} at once`);
	const waiting = Array.from({ length: commands }, (_, index) => index);
	const outcomes: Outcome[] = [];
	const work = async () => {
		for (let index = waiting.shift(); index !== undefined; index = waiting.shift()) {
			outcomes.push(await runOne(alert24, index));
		}
	};
	await Promise.all(Array.from({ length: atOnce }, work));
	return outcomes;
}

async function runOne(alert24: Alert24StandIn, index: number): Promise<Outcome> {
	const variables = {
		...gitlabJob,
		CI_JOB_ID: `${1000 + index}`,
		ALERT24_ENVIRONMENT: 'production',
		ALERT24_API_KEY: alert24.apiKey,
		ALERT24_API_URL: alert24.url,
	};
	await using run = await runProgram([], variables, { killAfterMs: longestRunMs });
	return { exitCode: run.exitCode, durationMs: run.durationMs, kept: readKept(run) };
}

function readKept({ cwd }: ProgramRun): string[] {
	const folder = join(cwd, 'alert24-undelivered');
	const names = existsSync(folder) ? readdirSync(folder) : [];
	return names.map((name) => String(JSON.parse(readFileSync(join(folder, name), 'utf8')).change.external_id));
}

async function soak(title: string, postsPerSecond?: number): Promise<boolean> {
	console.log(title);
	await using alert24 = await startAlert24(postsPerSecond === undefined ? {} : { postsPerSecond });
	const startedAtMs = performance.now();
	const outcomes = await runAll(alert24);
	const seconds = (performance.now() - startedAtMs) / 1000;
	const recorded = alert24.changes.map(({ external_id }) => String(external_id));
	const twice = recorded.length - new Set(recorded).size;
	const kept = outcomes.flatMap((outcome) => outcome.kept).filter((id) => !recorded.includes(id));
	const lost = commands - new Set([...recorded, ...kept]).size;
	const untrue = outcomes.filter(({ exitCode, kept: { length } }) => (exitCode === 0) === length > 0).length;
	const slowest = Math.max(...outcomes.map(({ durationMs }) => durationMs)) / 1000;
	const { posts, requests } = alert24;
	console.log(
		`  recorded ${new Set(recorded).size}, kept in files ${kept.length}, lost ${lost}, twice ${twice}, untrue exit codes ${untrue}`,
	);
	console.log(
		`  ${posts.length} POSTs, ${requests.length - posts.length} looks; ${seconds.toFixed(1)} s in all, ${slowest.toFixed(1)} s the slowest`,
	);
	return lost === 0 && twice === 0 && untrue === 0;
}

const isHealthyFine = await soak('A healthy Alert24');
const isLimitedFine = await soak('An Alert24 that takes 20 changes a second', 20);
process.exitCode = isHealthyFine && isLimitedFine ? 0 : 1;
