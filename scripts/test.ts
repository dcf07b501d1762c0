// Runs the fast tests, `npm run test:fast`, in several processes at once: Node runs the tests of one process one after
// another. Exits with 1 if a process fails.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';

// More than there are cores: the parts take unequal times, and some tests wait for a timeout.
const processes = Math.min(2 * availableParallelism(), 8);

type Result = Readonly<{ exitCode: number | null; summary: readonly string[] }>;

/** Runs a part of the tests. Prints each suite as a whole when it has ended. Returns the numbers and the failures. */
async function runPart(files: readonly string[]): Promise<Result> {
	const options = ['--import', 'tsx', '--import', './test/support/fixed-seed.ts', '--test', '--test-isolation=none'];
	const child = spawn(
		process.execPath,
		[...options, '--test-timeout=300000', '--test-reporter=spec', ...files],
		// The tests print nothing themselves. A warning of Node is printed at once.
		{ stdio: ['ignore', 'pipe', 'inherit'] },
	);
	const closed = once(child, 'close');
	let suite: string[] = [];
	let hasEnded = false;
	for await (const line of createInterface({ input: child.stdout })) {
		hasEnded ||= line.startsWith('ℹ tests ');
		suite.push(line);
		if (hasEnded || !/^[✔✖﹣]/.test(line)) continue;
		console.log(suite.join('\n'));
		suite = [];
	}
	const [exitCode] = await closed;
	return { exitCode, summary: suite };
}

// The largest files first, dealt out back and forth: the processes take about the same time.
const files = globSync('test/**/*.test.ts', { exclude: ['**/*.slow.test.ts'] }).toSorted(
	(one, other) => statSync(other).size - statSync(one).size || one.localeCompare(other),
);
const parts = Array.from({ length: processes }, (_, part) =>
	files.filter((_, index) => [part, 2 * processes - 1 - part].includes(index % (2 * processes))),
);
const results = await Promise.all(parts.map(runPart));
// The failures are the last lines.
for (const { summary } of results.toSorted((one, other) => Number(one.exitCode !== 0) - Number(other.exitCode !== 0)))
	console.log(summary.join('\n'));
process.exitCode = results.every(({ exitCode }) => exitCode === 0) ? 0 : 1;
