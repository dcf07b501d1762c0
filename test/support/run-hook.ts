import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { renderHook } from './hook-script.ts';
import { gitlabJob } from './run-in-process.ts';
import { locate, type ToolboxKind } from './toolbox.ts';

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
	/** The user's commands before and after the hook, in the same after_script. */
	before?: string;
	after?: string;
	/** Options for the shell itself. */
	shellOptions?: readonly string[];
	inputs?: Readonly<Record<string, unknown>>;
	/** Changes the script before it runs. */
	edit?: (script: string) => string;
	/** The working directory; by default an empty one. */
	cwd?: string;
}>;

export type HookRun = Readonly<{
	exitCode: number | null;
	stdout: string;
	stderr: string;
	durationMs: number;
	/** The files in its directory afterwards. */
	files: string[];
}>;

/**
 * Runs the hook like GitLab's runner: the shell reads the after_script from its standard input and evaluates it in one
 * piece, with errexit.
 */
export async function runHook(variables: Readonly<Record<string, string>>, options: HookOptions): Promise<HookRun> {
	const { shell, path, before = ':', after = ':', shellOptions = [], inputs = {}, edit = (script) => script } = options;
	const cwd = options.cwd ?? mkdtempSync(join(tmpdir(), 'alert24-hook-'));
	const hook = renderHook(inputs);
	const lines = ['set -eu', before, ...hook.after_script.map(edit), after];
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

/** The variables of a deploy job that extends the hook, without the key and the URL. */
export const hookJob = {
	...gitlabJob,
	CI_JOB_STATUS: 'success',
	CI_ENVIRONMENT_NAME: 'production',
	ALERT24_SERVICE_ID: 'svc_1',
	ALERT24_LOOKUP: 'never',
} as const;

/** The change of that job in the words of the hook. */
export const hookChange = 'Deployed web-shop @ 5b1e7d20 in "production" for service "svc_1"';

/** A shell for each kind of image. busybox's own shell has `sleep` built in, so that it would really pause. */
export const shellOf: Readonly<Record<ToolboxKind, Shell>> = {
	'curl and gawk': 'bash',
	'GNU wget and mawk': 'dash',
	busybox: 'dash',
};
