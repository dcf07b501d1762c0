import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { PeakMemory } from './peak-memory.ts';

const bundle = fileURLToPath(new URL('../../dist/alert24-notify.js', import.meta.url));

export type RunOptions = {
	readonly stdin?: string;
	/** Default: an empty directory, which the disposal of `ProgramRun` removes. */
	readonly cwd?: string;
	/** A program that runs for longer is killed. Default: 100 s. */
	readonly killAfterMs?: number;
	/** A signal, sent when the promise is fulfilled, or when stderr matches. */
	readonly interrupt?: { readonly signal: NodeJS.Signals; readonly when: Promise<unknown> | RegExp };
	/** Options for Node itself. */
	readonly nodeOptions?: readonly string[];
	/** Measure the peak memory of the program. */
	readonly measuresMemory?: boolean;
	/** A script instead of the bundle. */
	readonly program?: string;
};

export type ProgramRun = {
	/** Null if a signal ended the program. */
	readonly exitCode: number | null;
	readonly signal: NodeJS.Signals | null;
	readonly stdout: string;
	readonly stderr: string;
	readonly durationMs: number;
	/** The largest resident set in bytes, if it was measured and no signal ended the program. */
	readonly peakMemoryBytes: number | undefined;
	readonly cwd: string;
	readonly [Symbol.asyncDispose]: () => Promise<void>;
};

/**
 * Runs the bundled program in this version of Node until it ends. The program inherits only `PATH`, and not even that
 * if `environment` contains one.
 */
export async function runProgram(
	args: readonly string[],
	environment: Readonly<Record<string, string>>,
	options: RunOptions = {},
): Promise<ProgramRun> {
	const { stdin = '', killAfterMs = 100_000, interrupt, nodeOptions = [], program = bundle } = options;
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
	// A program may end before it has read its input.
	child.stdin.on('error', (error: NodeJS.ErrnoException) => error.code === 'EPIPE' || child.emit('error', error));
	child.stdin.end(stdin);
	if (interrupt !== undefined) {
		const { signal, when } = interrupt;
		void (when instanceof RegExp ? untilMatch(child.stderr, when) : when).then(() => child.kill(signal));
	}
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

function untilMatch(stream: Readable, pattern: RegExp): Promise<void> {
	let seen = '';
	return new Promise((resolve) => {
		stream.on('data', (chunk: Buffer) => {
			seen += chunk;
			if (pattern.test(seen)) resolve();
		});
	});
}
