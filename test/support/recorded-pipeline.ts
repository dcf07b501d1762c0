import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { GitCommit } from '../../src/ci/git-commit.ts';

/** A recorded environment of a CI, and what must come of it. Adding a case is adding a file. */
export type RecordedPipeline = Readonly<{
	/** The name of the file. */
	name: string;
	/** A sentence: what pipeline this is, and what must be recorded. */
	title: string;
	environment: Record<string, string>;
	/** What git tells of the commit; absent where it cannot be asked. */
	commit?: GitCommit;
	/** The whole changes, in order; empty where nothing is recorded. */
	changes: object[];
	exitCode: number;
	/** A text that the output holds. */
	says?: string;
}>;

/** Reads the recorded environments of a folder of test/ci. */
export function readRecordedPipelines(folder: string): RecordedPipeline[] {
	const directory = new URL(`../ci/${folder}/`, import.meta.url);
	return readdirSync(fileURLToPath(directory))
		.filter((name) => name.endsWith('.json'))
		.map((name) => ({ name, ...JSON.parse(readFileSync(new URL(name, directory), 'utf8'), repeatText) }));
}

// A long text is written as what it repeats: {"repeat": "text", "times": 3, "then": "end"}.
function repeatText(_key: string, value: unknown): unknown {
	if (typeof value !== 'object' || value === null || !('repeat' in value)) return value;
	const { repeat, times, then = '' } = value as { repeat: string; times: number; then?: string };
	return repeat.repeat(times) + then;
}
