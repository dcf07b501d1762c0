import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { renderHook } from './hook-script.ts';
import { locate } from './toolbox.ts';

const shells = {
	bash: () => [locate('bash')],
	dash: () => [locate('dash')],
	'busybox ash': () => [locate('busybox'), 'ash'],
} as const;

export type Shell = keyof typeof shells;

export const shellNames = Object.keys(shells) as Shell[];

export type HookOptions = Readonly<{
	shell: Shell;
	/** The whole PATH. */
	path: string;
	/** Commands of the user's own before and after the hook, in the same after_script. */
	before?: string;
	after?: string;
	/** Options for the shell itself. */
	shellOptions?: readonly string[];
	inputs?: Readonly<Record<string, unknown>>;
	/** Where it runs; left out, an empty directory. */
	cwd?: string;
}>;

export type HookRun = Readonly<{
	exitCode: number | null;
	stdout: string;
	stderr: string;
	durationMs: number;
	/** What it left in its directory. */
	files: string[];
}>;

/** Runs the hook as GitLab's runner does: an after_script in one piece, with errexit, handed to the shell's standard input and evaluated. */
export async function runHook(variables: Readonly<Record<string, string>>, options: HookOptions): Promise<HookRun> {
	const { shell, path, before = ':', after = ':', shellOptions = [], inputs = {} } = options;
	const cwd = options.cwd ?? mkdtempSync(join(tmpdir(), 'alert24-hook-'));
	const hook = renderHook(inputs);
	const lines = ['set -eu', before, ...hook.after_script, after];
	const script = `: | eval '${lines.join('\n').replaceAll("'", `'\\''`)}'\n`;
	const [program = '', ...args] = shells[shell]();
	const env = { ...hook.variables, ...variables, PATH: path };
	const startedAtMs = performance.now();
	const child = spawn(program, [...args, ...shellOptions], { cwd, env, timeout: 90_000, killSignal: 'SIGKILL' });
	child.stdin.on('error', () => undefined);
	child.stdin.end(script);
	const streams = Promise.all([text(child.stdout), text(child.stderr)]);
	const [exitCode] = (await once(child, 'close')) as [number | null];
	const durationMs = performance.now() - startedAtMs;
	const [stdout, stderr] = await streams;
	const files = readdirSync(cwd);
	if (options.cwd === undefined) rmSync(cwd, { recursive: true });
	return { exitCode, stdout, stderr, durationMs, files };
}
