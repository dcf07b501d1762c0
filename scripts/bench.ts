// Measures what it takes to record a change, from the start of a program to its end, next to what else could send the same: usage: bench [rounds].
// The programs take turns, so that whatever else the machine does hits all of them.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpus } from 'node:os';
import { startAlert24 } from '../stand-in/alert24-stand-in.ts';
import { PeakMemory } from '../test/support/peak-memory.ts';
import { buildContestants, type Contestant } from './bench/contestants.ts';

const rounds = Number(process.argv[2] ?? 25);
await using alert24 = await startAlert24();
// Nothing of this process's environment: NODE_EXTRA_CA_CERTS alone would cost each Node 20 ms.
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

async function run({ name, command, isNode }: Contestant, options: readonly string[] = []): Promise<number> {
	const [program = '', ...args] = isNode ? [process.execPath, ...options, ...command] : command;
	const startedAtMs = performance.now();
	const [exitCode] = await once(
		spawn(program, args, { env: environment, stdio: ['ignore', 'ignore', 'inherit'] }),
		'close',
	);
	if (exitCode !== 0) throw new Error(`${name} ended with ${exitCode}`);
	return performance.now() - startedAtMs;
}

async function measurePeak(contestant: Contestant): Promise<string> {
	if (!contestant.isNode) return '';
	const memory = new PeakMemory();
	await run(contestant, memory.nodeOptions);
	return (((await memory.read()) ?? 0) / 1024 ** 2).toFixed(1);
}

function median(values: readonly number[]): number {
	return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

const contestants = await buildContestants(environment);
const times = new Map(contestants.map(({ name }) => [name, [] as number[]]));
for (let round = 0; round <= rounds; round++) {
	for (const contestant of contestants) {
		const time = await run(contestant);
		// The first one brings the files into memory.
		if (round > 0) times.get(contestant.name)?.push(time);
	}
}

const middle = (name: string) => median(times.get(name) ?? []);
const rows = [['program', 'median ms', 'fastest ms', '× node:http', '× got', '× got, less …', 'peak MiB']];
for (const contestant of contestants) {
	const time = middle(contestant.name);
	const ratios = ['node:http', 'got', 'got, less what we leave out'].map((name) => (time / middle(name)).toFixed(2));
	const fastest = Math.min(...(times.get(contestant.name) ?? []));
	rows.push([contestant.name, time.toFixed(1), fastest.toFixed(1), ...ratios, await measurePeak(contestant)]);
}
console.log(
	`Start to end of one recorded change on loopback, ${rounds} rounds, Node ${process.version}, ${cpus()[0]?.model} × ${cpus().length}\n`,
);
const [heading = [], ...body] = rows;
for (const row of [heading, heading.map((_, column) => (column === 0 ? '---' : '---:')), ...body])
	console.log(`| ${row.join(' | ')} |`);
