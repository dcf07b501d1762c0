import { execFileSync } from 'node:child_process';
import {
	chmodSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
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

/** Why the tests of the hook are skipped; false where they run. In CI they run, and fail for want of a tool. */
export const whyWithoutTools: string | false =
	missingTools.length > 0 && process.env['CI'] !== 'true'
		? `not installed: ${missingTools.join(', ')}; the hook is not tested`
		: false;

/** Where a program of this machine is; throws where it is not installed, because a test that needs it proves nothing without. */
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

/** What an image has beside its shell. */
export type ToolboxKind = keyof typeof kinds;

export const toolboxKinds = Object.keys(kinds) as ToolboxKind[];

/**
 * A directory to be the whole PATH of a hook, with the programs that an image of this kind has. A pause between attempts is remembered and
 * takes no time; every other program remembers its arguments, those of busybox apart.
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
		// Pauses between attempts; the hook also sleeps to bound a request, and that is for real.
		this.add(
			'sleep',
			`case $1 in 1 | 2 | 3 | 20) echo "$1" >>'${this.#logOf('sleep')}' ;; *) exec ${locate('sleep')} "$1" ;; esac`,
		);
	}

	/** Adds a program of one's own, a shell script. */
	add(name: string, script: string): void {
		const file = join(this.path, name);
		rmSync(file, { force: true });
		writeFileSync(file, `#!/bin/sh\n${script}\n`);
		chmodSync(file, 0o755);
	}

	remove(name: string): void {
		rmSync(join(this.path, name));
	}

	keepOnly(name: string): void {
		for (const other of readdirSync(this.path).filter((file) => file !== name)) this.remove(other);
	}

	/** The pauses, in seconds, that were made since the last call. */
	takePauses(): number[] {
		return this.takeArguments('sleep').map(Number);
	}

	/** The argument lists of a program since the last call; one line each, as long as no argument has more. */
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
