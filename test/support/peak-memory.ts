import { randomUUID } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Measures the largest resident set of a Node program, on Linux: as the program ends, it leaves its status file behind.
 * `process.resourceUsage().maxRSS` would not do: it counts the parent's memory, from before the program was executed.
 */
export class PeakMemory {
	readonly #path = join(tmpdir(), `alert24-memory-${randomUUID()}`);

	/** The options that Node must be given. */
	get nodeOptions(): readonly string[] {
		const leaveStatus = `writeFileSync(${JSON.stringify(this.#path)}, readFileSync('/proc/self/status'))`;
		const source = `import { readFileSync, writeFileSync } from 'node:fs'; process.on('exit', () => ${leaveStatus});`;
		return ['--import', `data:text/javascript,${encodeURIComponent(source)}`];
	}

	/** In bytes, after the program's end; undefined where a signal ended it. */
	async read(): Promise<number | undefined> {
		const status = await readFile(this.#path, 'utf8').catch(() => '');
		await rm(this.#path, { force: true });
		const kibibytes = /^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1];
		return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
	}
}
