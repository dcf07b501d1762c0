import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** A program that sends one change. It gets this environment and nothing else. */
export type Program = Readonly<{
	name: string;
	command: readonly string[];
	environment: Readonly<Record<string, string>>;
}>;

/** Runs the program and returns the time from its start to its end in ms. Throws an Error if it fails. */
export async function runOnce({ name, command, environment }: Program): Promise<number> {
	const [file = '', ...args] = command;
	const startedAtMs = performance.now();
	const [exitCode] = await once(
		spawn(file, args, { env: environment, stdio: ['ignore', 'ignore', 'inherit'] }),
		'close',
	);
	if (exitCode !== 0) throw new Error(`${name} ended with ${exitCode}`);
	return performance.now() - startedAtMs;
}

/**
 * Runs the programs in turns, so that other work on the machine slows all of them. The first round only fills the
 * caches. Throws an Error if a program fails.
 */
export async function takeTurns(programs: readonly Program[], rounds: number): Promise<Times> {
	const timesMs = new Map<string, number[]>(programs.map(({ name }) => [name, []]));
	for (let round = 0; round <= rounds; round++) {
		for (const program of programs) {
			const timeMs = await runOnce(program);
			if (round > 0) timesMs.get(program.name)?.push(timeMs);
		}
	}
	return new Times(timesMs);
}

/** The times of programs that took turns. Two programs are compared round by round, by the median of the rounds. */
class Times {
	readonly #timesMs: ReadonlyMap<string, readonly number[]>;

	constructor(timesMs: ReadonlyMap<string, readonly number[]>) {
		this.#timesMs = timesMs;
	}

	medianMs(name: string): number {
		return median(this.#of(name));
	}

	fastestMs(name: string): number {
		return Math.min(...this.#of(name));
	}

	/** Returns the time of one program as a multiple of another's. */
	ratio(name: string, to: string): number {
		return this.#compare(name, to, (time, other) => time / other);
	}

	/** Returns the ms that one program needs more than another. */
	differenceMs(name: string, to: string): number {
		return this.#compare(name, to, (time, other) => time - other);
	}

	#compare(name: string, to: string, compare: (timeMs: number, otherMs: number) => number): number {
		const others = this.#of(to);
		return median(this.#of(name).map((timeMs, round) => compare(timeMs, others[round] ?? Number.NaN)));
	}

	#of(name: string): readonly number[] {
		return this.#timesMs.get(name) ?? [];
	}
}

function median(values: readonly number[]): number {
	return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
