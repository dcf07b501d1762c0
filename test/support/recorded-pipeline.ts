import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { GitCommit } from '../../src/ci/git-commit.ts';

/** A job or step of a CI: its environment and the changes that its deployment must produce. */
export type RecordedPipeline = Readonly<{
	/** The file's name. */
	name: string;
	/** A sentence that describes the pipeline. */
	title: string;
	environment: Record<string, string>;
	/** The commit as git reports it; absent if git cannot be run. */
	commit?: GitCommit;
	/** The whole changes, in order; empty if nothing is recorded. */
	changes: object[];
	exitCode: number;
	/** A text that the output contains. */
	says?: string;
}>;

/**
 * The difference between two objects. `unset` is applied before `set`. A name in `unset` may end in `*`:
 * `CI_ENVIRONMENT_*` removes each name that begins with `CI_ENVIRONMENT_`.
 */
type Difference = Readonly<{ set?: Record<string, unknown>; unset?: readonly string[] }>;

/** base.json: the usual job of a CI. Each kind of `jobs` differs from it in the environment and in the change. */
type Base = Readonly<{
	environment: Record<string, unknown>;
	commit?: GitCommit;
	change: Record<string, unknown>;
	jobs: Record<string, Difference & { change?: Difference }>;
}>;

/**
 * Any other file: the differences from the base. Without `change` and `changes` one change is recorded, the base's.
 * `change` is for one change, `changes` for none or several. `commit: null` means that git cannot be run.
 */
type Case = Difference &
	Readonly<{
		title: string;
		job?: string;
		commit?: GitCommit | null;
		change?: Difference;
		changes?: readonly Difference[];
		exitCode?: number;
		says?: string;
	}>;

/** Reads the recorded pipelines of a folder in test/ci. To add a case, add a file. */
export function readRecordedPipelines(folder: string): RecordedPipeline[] {
	const directory = new URL(`../ci/${folder}/`, import.meta.url);
	const read = (name: string) => JSON.parse(readFileSync(new URL(name, directory), 'utf8'), repeatText);
	const base: Base = read('base.json');
	return readdirSync(fileURLToPath(directory))
		.filter((name) => name.endsWith('.json') && name !== 'base.json')
		.map((name) => resolve(name, read(name), base));
}

function resolve(name: string, recorded: Case, base: Base): RecordedPipeline {
	const job = recorded.job === undefined ? {} : base.jobs[recorded.job];
	if (job === undefined) throw new Error(`${name}: base.json has no job "${recorded.job}"`);
	const commit = recorded.commit === undefined ? base.commit : recorded.commit;
	const usualChange = apply(base.change, job.change);
	const changes = recorded.changes ?? [recorded.change];
	return {
		name,
		title: recorded.title,
		environment: apply(apply(base.environment, job), recorded) as Record<string, string>,
		...(commit && { commit }),
		changes: changes.map((difference) => apply(usualChange, difference)),
		exitCode: recorded.exitCode ?? 0,
		...(recorded.says !== undefined && { says: recorded.says }),
	};
}

function apply(base: Record<string, unknown>, { set = {}, unset = [] }: Difference = {}): Record<string, unknown> {
	const isUnset = (name: string) =>
		unset.some((entry) => (entry.endsWith('*') ? name.startsWith(entry.slice(0, -1)) : name === entry));
	return { ...Object.fromEntries(Object.entries(base).filter(([name]) => !isUnset(name))), ...set };
}

// {"repeat": "text", "times": 3, "then": "end"} stands for a long text.
function repeatText(_key: string, value: unknown): unknown {
	if (typeof value !== 'object' || value === null || !('repeat' in value)) return value;
	const { repeat, times, then = '' } = value as { repeat: string; times: number; then?: string };
	return repeat.repeat(times) + then;
}
