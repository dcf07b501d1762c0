import { randomUUID } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Measures the largest resident set of a Node program on Linux: the program copies its status file when it ends.
 * `process.resourceUsage().maxRSS` includes the memory of the parent, from before the exec.
 */
export class PeakMemory {
	readonly #path = join(tmpdir(), `alert24-memory-${randomUUID()}`);

	/** The options for Node. */
	get nodeOptions(): readonly string[] {
		const copyStatus = `writeFileSync(${JSON.stringify(this.#path)}, readFileSync('/proc/self/status'))`;
		const source = `import { readFileSync, writeFileSync } from 'node:fs'; process.on('exit', () => ${copyStatus});`;
		return ['--import', `data:text/javascript,${encodeURIComponent(source)}`];
	}

	/** Returns bytes, or undefined if a signal ended the program. Call it after the program's end. */
	async read(): Promise<number | undefined> {
		const status = await readFile(this.#path, 'utf8').catch(() => '');
		await rm(this.#path, { force: true });
		const kibibytes = /^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1];
		return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
	}
}
