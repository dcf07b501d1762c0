// Measures a recorded change, from the start of a program to its end, beside the plain alternatives. Exits 1 if a limit
// is exceeded. Usage: bench [rounds]. docs/decisions/startup.md contains the figures.
import { cpus } from 'node:os';
import { startAlert24 } from '../stand-in/alert24-stand-in.ts';
import { PeakMemory } from '../test/support/peak-memory.ts';
import { buildHookPrograms } from './bench/hook.ts';
import { gitlabDelayMs, measureLookups } from './bench/lookups.ts';
import { buildPrograms } from './bench/programs.ts';
import { type Program, runOnce, takeTurns } from './bench/take-turns.ts';

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
	ALERT24_LOOKUP: 'never',
	ALERT24_API_URL: alert24.url,
	ALERT24_API_KEY: alert24.apiKey,
};
const excesses: string[] = [];

function limit(subject: string, value: number, highest: number, unit: string): void {
	const verdict = value <= highest ? 'within' : 'ABOVE';
	const line = `${subject}: ${value.toFixed(2)} ${unit}, ${verdict} the limit of ${highest} ${unit}`;
	console.log(line);
	if (verdict === 'ABOVE') excesses.push(line);
}

function printTable(head: readonly string[], rows: readonly (readonly string[])[]): void {
	const rule = head.map((_, column) => (column === 0 ? '---' : '---:'));
	for (const row of [head, rule, ...rows]) console.log(`| ${row.join(' | ')} |`);
	console.log();
}

async function measurePeakMiB(program: Program): Promise<number> {
	const memory = new PeakMemory();
	const [node = '', ...args] = program.command;
	await runOnce({ ...program, command: [node, ...memory.nodeOptions, ...args] });
	return ((await memory.read()) ?? Number.NaN) / 1024 ** 2;
}

console.log(
	`One recorded change on loopback, from start to end. ${rounds} rounds, Node ${process.version}, ` +
		`${cpus()[0]?.model} × ${cpus().length}\n`,
);
const programs = [...(await buildPrograms(environment)), ...buildHookPrograms(environment)];
const times = await takeTurns(programs, rounds);
// The hook ends with 0 in any case.
if (alert24.posts.length !== programs.length * (rounds + 1)) throw new Error('a program did not send its change');
const peaksMiB = new Map<string, number>();
for (const program of programs)
	if (program.command[0] === process.execPath) peaksMiB.set(program.name, await measurePeakMiB(program));
printTable(
	['program', 'median ms', 'fastest ms', '× node:http', '× got', 'peak MiB'],
	programs.map(({ name }) => [
		name,
		times.medianMs(name).toFixed(1),
		times.fastestMs(name).toFixed(1),
		...['node:http', 'got'].map((to) => times.ratio(name, to).toFixed(2)),
		peaksMiB.get(name)?.toFixed(1) ?? '',
	]),
);
limit('alert24-notify', times.ratio('alert24-notify', 'got'), 1.25, '× got');
limit('alert24-notify', times.ratio('alert24-notify', 'node:http'), 2.3, '× node:http');
limit('alert24-notify', peaksMiB.get('alert24-notify') ?? Number.NaN, 75, 'MiB');

for (const shell of ['bash', 'dash'])
	limit(`hook, ${shell}`, times.ratio(`hook, ${shell}`, `pasted snippet, ${shell}`), 1.6, '× the pasted snippet');

// All requests run at once, so they take as long as the slowest, and 10 ms of the program's own work on each.
const lookups = await measureLookups(rounds);
console.log(`\nLookups, with a GitLab that needs ${gitlabDelayMs} ms for a response:\n`);
limit('more with job, commit and deployments', lookups.extraMs, gitlabDelayMs + 3 * 10, 'ms');
limit('more with the merge request too', lookups.extraWithMergeRequestMs, gitlabDelayMs + 5 * 10, 'ms');

for (const excess of excesses) console.error(`bench: ${excess}`);
if (excesses.length > 0) process.exitCode = 1;
