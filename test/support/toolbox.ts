import { execFileSync } from 'node:child_process';
import {
	chmodSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readFileSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const findInPath = (name: string) =>
	(process.env['PATH'] ?? '')
		.split(':')
		.map((directory) => join(directory, name))
		.find((path) => existsSync(path));

const toolsOfTheHook = ['bash', 'dash', 'busybox', 'curl', 'wget', 'gawk', 'mawk', 'shellcheck'];
const missingTools = toolsOfTheHook.filter((name) => findInPath(name) === undefined);

/** The reason to skip the tests of the hook; false if they run. In CI they run, and fail if a tool is missing. */
export const whyWithoutTools: string | false =
	missingTools.length > 0 && process.env['CI'] !== 'true'
		? `not installed: ${missingTools.join(', ')}; the hook is not tested`
		: false;

/** Returns the path of a program. Throws if it is not installed. */
export function locate(name: string): string {
	const path = findInPath(name);
	if (path === undefined) throw new Error(`${name} is not installed: the tests of the hook need it`);
	return path;
}

const common = ['date', 'head', 'mktemp', 'rm', 'sed'];
const kinds = {
	'curl and gawk': ['curl', 'gawk'],
	'GNU wget and mawk': ['wget', 'mawk'],
	busybox: ['busybox'],
} as const;

/** The programs of an image beside its shell. */
export type ToolboxKind = keyof typeof kinds;

export const toolboxKinds = Object.keys(kinds) as ToolboxKind[];

/**
 * A directory that is the whole PATH of a hook, with the programs of this kind of image. It logs the pauses between
 * attempts, which take no time, and the arguments of every other program except busybox.
 */
export class Toolbox {
	readonly path = mkdtempSync(join(tmpdir(), 'alert24-toolbox-'));
	readonly #logs = mkdtempSync(join(tmpdir(), 'alert24-toolbox-logs-'));

	constructor(kind: ToolboxKind) {
		if (kind === 'busybox') this.#addBusybox();
		else {
			for (const name of common) this.#add(name, `exec ${locate(name)} "$@"`);
			for (const name of kinds[kind]) this.#add(name.endsWith('awk') ? 'awk' : name, `exec ${locate(name)} "$@"`);
		}
		// The hook also sleeps to end a request that takes too long: for real, by a number that begins with 0.
		this.add(
			'sleep',
			`case $1 in 0*) exec ${locate('sleep')} "$1" ;; *) echo "$1" >>'${this.#logOf('sleep')}' ;; esac`,
		);
	}

	/** Adds a program, a shell script. */
	add(name: string, script: string): void {
		const file = join(this.path, name);
		rmSync(file, { force: true });
		writeFileSync(file, `#!/bin/sh\n${script}\n`);
		chmodSync(file, 0o755);
	}

	remove(name: string): void {
		rmSync(join(this.path, name));
	}

	/** Returns the pauses since the last call, in seconds. */
	takePauses(): number[] {
		return this.takeArguments('sleep').map(Number);
	}

	/** Returns the argument lists of a program since the last call, one line each. */
	takeArguments(name: string): string[] {
		const file = this.#logOf(name);
		const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
		rmSync(file, { force: true });
		return text.split('\n').slice(0, -1);
	}

	[Symbol.dispose](): void {
		for (const directory of [this.path, this.#logs]) rmSync(directory, { recursive: true, force: true });
	}

	#add(name: string, script: string): void {
		this.add(name, `printf '%s\\n' "$*" >>'${this.#logOf(name)}'\n${script}`);
	}

	#logOf(name: string): string {
		return join(this.#logs, name);
	}

	#addBusybox(): void {
		const busybox = locate('busybox');
		mkdirSync(this.path, { recursive: true });
		const applets = execFileSync(busybox, ['--list'], { encoding: 'utf8' }).split('\n');
		for (const applet of applets.filter((name) => name !== '' && name !== 'sleep'))
			symlinkSync(busybox, join(this.path, applet));
	}
}
