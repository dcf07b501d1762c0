import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { PeakMemory } from './peak-memory.ts';

const bundle = fileURLToPath(new URL('../../dist/alert24-notify.js', import.meta.url));

export type RunOptions = {
	readonly stdin?: string;
	/** Left out, an empty directory that `ProgramRun` removes when it is disposed of. */
	readonly cwd?: string;
	/** Kills a program that runs for longer, so that no test hangs. */
	readonly killAfterMs?: number;
	/** Sends a signal once the promise is fulfilled, such as one that waits for a request. */
	readonly interrupt?: { readonly signal: NodeJS.Signals; readonly when: Promise<unknown> };
	/** Options for Node itself. */
	readonly nodeOptions?: readonly string[];
	/** Measures the memory that the program took at most. */
	readonly measuresMemory?: boolean;
	/** Another script than the bundle. */
	readonly program?: string;
};

export type ProgramRun = {
	/** Null where a signal ended it. */
	readonly exitCode: number | null;
	readonly signal: NodeJS.Signals | null;
	readonly stdout: string;
	readonly stderr: string;
	readonly durationMs: number;
	/** The largest resident set, in bytes, where it was measured and no signal ended the program. */
	readonly peakMemoryBytes: number | undefined;
	readonly cwd: string;
	readonly [Symbol.asyncDispose]: () => Promise<void>;
};

/**
 * Runs the bundled program to its end, with this very Node. It inherits nothing but `PATH`, and that only where the
 * environment given has none.
 */
export async function runProgram(
	args: readonly string[],
	environment: Readonly<Record<string, string>>,
	options: RunOptions = {},
): Promise<ProgramRun> {
	const { stdin = '', killAfterMs = 30_000, interrupt, nodeOptions = [], program = bundle } = options;
	const cwd = options.cwd ?? (await mkdtemp(join(tmpdir(), 'alert24-run-')));
	const env = { PATH: process.env['PATH'], ...environment };
	const startedAtMs = performance.now();
	const peakMemory = options.measuresMemory === true ? new PeakMemory() : undefined;
	const child = spawn(process.execPath, [...nodeOptions, ...(peakMemory?.nodeOptions ?? []), program, ...args], {
		cwd,
		env,
		timeout: killAfterMs,
		killSignal: 'SIGKILL',
	});
	// A program that ends without reading its input closes the pipe.
	child.stdin.on('error', (error: NodeJS.ErrnoException) => error.code === 'EPIPE' || child.emit('error', error));
	child.stdin.end(stdin);
	void interrupt?.when.then(() => child.kill(interrupt.signal));
	const streams = [text(child.stdout), text(child.stderr)] as const;
	const [exitCode, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
	const durationMs = performance.now() - startedAtMs;
	const [stdout, stderr] = await Promise.all(streams);
	return {
		exitCode,
		signal,
		stdout,
		stderr,
		durationMs,
		peakMemoryBytes: await peakMemory?.read(),
		cwd,
		[Symbol.asyncDispose]: async () => {
			if (options.cwd === undefined) await rm(cwd, { recursive: true, force: true });
		},
	};
}
