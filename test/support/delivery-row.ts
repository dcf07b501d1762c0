import assert from 'node:assert/strict';
import type { Fault } from '../../stand-in/alert24-faults.ts';
import { type Alert24StandIn, startAlert24 } from '../../stand-in/alert24-stand-in.ts';
import { type Trial, type TrialOptions, tryDelivery } from './delivery-trial.ts';

/** The faults that requests meet: one for each of the first requests, or one for all. */
export type Course = readonly Fault[] | { readonly always: Fault };

/** One row of a table of faults. */
export type DeliveryRow = TrialOptions & {
	readonly posts?: Course;
	readonly lists?: Course;
	readonly exitCode: 0 | 4 | 5;
	/** The POSTs that reach the stand-in; `many`: until the budget is used up; `any`: one or more. */
	readonly attempts: number | 'many' | 'any';
	readonly lookups?: number;
	readonly records: number;
	/** The first words of the line that reports the change. */
	readonly result: 'Recorded' | 'Already recorded' | 'NOT RECORDED' | 'NOT CONFIRMED';
	/** Words of the output, on either stream. */
	readonly says?: RegExp;
	/** The pauses, each in milliseconds from the least to the most. */
	readonly pauses?: readonly (readonly [least: number, most: number])[];
};

/** Plays a row against a stand-in, and checks everything that the row and the promises state. */
export async function checkRow(row: DeliveryRow, standIn?: Alert24StandIn): Promise<Trial> {
	const alert24 = standIn ?? (await startAlert24());
	setCourse(row.posts, alert24.failWith.bind(alert24), alert24.failAlways.bind(alert24));
	setCourse(row.lists, alert24.failListsWith.bind(alert24), alert24.failListsAlways.bind(alert24));
	const trial = await tryDelivery(alert24, row);
	const lookups = alert24.requests.length - alert24.posts.length;
	await alert24.close();

	const output = trial.stdout + trial.stderr;
	assert.equal(trial.exitCode, row.exitCode, output);
	const { posts } = alert24;
	// The budget of 60 s contains pauses of 1, 2, 4, 8, 16, 16 and 16 s, or of half as long.
	const [least, most] =
		row.attempts === 'many' ? [6, 10] : row.attempts === 'any' ? [1, 10] : [row.attempts, row.attempts];
	assert.ok(posts.length >= least && posts.length <= most, `${posts.length} attempts:\n${output}`);
	if (row.lookups !== undefined) assert.equal(lookups, row.lookups, output);
	assert.equal(alert24.changes.length, row.records, output);
	const result = /^(?:alert24-notify: )?(Recorded|Already recorded|NOT RECORDED|NOT CONFIRMED): /m.exec(output)?.[1];
	assert.equal(result, row.result, output);
	if (row.says !== undefined) assert.match(output, row.says);
	assertPauses(trial.pauses, row.pauses);
	assert.equal(trial.undelivered.length, row.exitCode === 0 ? 0 : 1, 'an undelivered change is stored');
	assert.equal(/alert24-notify replay \S+\n$/.test(trial.stderr), row.exitCode !== 0, output);
	const keys = new Set(alert24.posts.map(({ headers }) => headers['idempotency-key']));
	assert.ok(keys.size <= 1, 'every attempt has the same Idempotency-Key');
	return trial;
}

function setCourse(
	course: Course = [],
	failWith: (...faults: readonly Fault[]) => void,
	failAlways: (fault: Fault) => void,
): void {
	if ('always' in course) failAlways(course.always);
	else failWith(...course);
}

function assertPauses(pauses: readonly number[], expected: DeliveryRow['pauses']): void {
	const sum = pauses.reduce((total, pause) => total + pause, 0);
	assert.ok(sum <= 60_000, `all pauses take ${sum} ms`);
	if (expected === undefined) return;
	assert.equal(pauses.length, expected.length, `pauses: ${pauses.join()}`);
	for (const [index, [least, most]] of expected.entries()) {
		const pause = pauses[index] ?? -1;
		assert.ok(pause >= least && pause <= most, `pause ${index + 1} is ${pause}, not from ${least} to ${most}`);
	}
}
