// Measures a recorded change, from the start of a program to its end, beside the plain alternatives. Exits 1 if a limit
// is exceeded. Usage: bench [rounds]. docs/decisions/startup.md contains the figures.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpus } from 'node:os';
import { startAlert24 } from '../stand-in/alert24-stand-in.ts';
import { PeakMemory } from '../test/support/peak-memory.ts';
import { buildContestants, type Contestant } from './bench/contestants.ts';

/** The program's median time, as a multiple of an alternative's in the same round. */
const highestRatios = { got: 1.25, 'node:http': 2.3 } as const;
const highestPeakMiB = 75;

const rounds = Number(process.argv[2] ?? 25);
await using alert24 = await startAlert24();
// Nothing of this process's environment: NODE_EXTRA_CA_CERTS alone costs each Node 20 ms.
const environment = {
	PATH: process.env['PATH'] ?? '',
	GITLAB_CI: 'true',
	CI_SERVER_FQDN: 'gitlab.com',
	CI_PROJECT_ID: '1',
	CI_PROJECT_NAME: 'shop',
	CI_COMMIT_SHA: '1a2b3c4d5e6f7a8b9c0d1a2b3c4d5e6f7a8b9c0d',
	CI_COMMIT_MESSAGE: 'Sell shoes',
	CI_PIPELINE_ID: '1',
	ALERT24_DEPLOY_JOB: 'deploy',
	ALERT24_ENVIRONMENT: 'production',
	ALERT24_API_URL: alert24.url,
	ALERT24_API_KEY: alert24.apiKey,
};

/** Returns the time from start to end in ms. Throws an Error if the program fails. */
async function run({ name, command, isNode }: Contestant, nodeOptions: readonly string[] = []): Promise<number> {
	const [program = '', ...args] = isNode ? [process.execPath, ...nodeOptions, ...command] : command;
	const startedAtMs = performance.now();
	const child = spawn(program, args, { env: environment, stdio: ['ignore', 'ignore', 'inherit'] });
	const [exitCode] = await once(child, 'close');
	if (exitCode !== 0) throw new Error(`${name} ended with ${exitCode}`);
	return performance.now() - startedAtMs;
}

async function measurePeakMiB(contestant: Contestant): Promise<number | undefined> {
	if (!contestant.isNode) return undefined;
	const memory = new PeakMemory();
	await run(contestant, memory.nodeOptions);
	return ((await memory.read()) ?? Number.NaN) / 1024 ** 2;
}

function median(values: readonly number[]): number {
	return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

const contestants = await buildContestants(environment);
const times = new Map<string, number[]>(contestants.map(({ name }) => [name, []]));
// The programs take turns, so that other work on the machine slows all of them. The first round only fills the caches.
for (let round = 0; round <= rounds; round++) {
	for (const contestant of contestants) {
		const time = await run(contestant);
		if (round > 0) times.get(contestant.name)?.push(time);
	}
}
const timesOf = (name: string) => times.get(name) ?? [];
// Of each round, since a slow stretch of the machine covers a whole round more often than half of one.
const ratio = (name: string, to: string) =>
	median(timesOf(name).map((time, round) => time / (timesOf(to)[round] ?? Number.NaN)));

console.log(
	`One recorded change on loopback, ${rounds} rounds, Node ${process.version}, ${cpus()[0]?.model} × ${cpus().length}\n`,
);
console.log(
	'| program | median ms | fastest ms | × node:http | × got | peak MiB |\n| --- | ---: | ---: | ---: | ---: | ---: |',
);
const excesses: string[] = [];
for (const contestant of contestants) {
	const { name } = contestant;
	const peakMiB = await measurePeakMiB(contestant);
	const ratios = ['node:http', 'got'].map((to) => ratio(name, to).toFixed(2));
	const fastest = Math.min(...timesOf(name)).toFixed(1);
	console.log(
		`| ${[name, median(timesOf(name)).toFixed(1), fastest, ...ratios, peakMiB?.toFixed(1) ?? ''].join(' | ')} |`,
	);
	if (name !== 'alert24-notify') continue;
	for (const [to, highest] of Object.entries(highestRatios))
		if (!(ratio(name, to) <= highest))
			excesses.push(`${name} takes ${ratio(name, to).toFixed(2)} × ${to}, not ${highest} ×`);
	if (!((peakMiB ?? Number.NaN) <= highestPeakMiB))
		excesses.push(`${name} needs ${peakMiB} MiB, not ${highestPeakMiB} MiB`);
}
for (const excess of excesses) console.error(`bench: limit exceeded: ${excess}`);
if (excesses.length > 0) process.exitCode = 1;
