import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { retryPolicy } from '../../src/delivery/retry-policy.ts';
import type { Fault } from '../../stand-in/alert24-faults.ts';
import { type Alert24StandIn, startAlert24 } from '../../stand-in/alert24-stand-in.ts';
import { type Trial, type TrialOptions, tryDelivery } from './delivery-trial.ts';

/** What the attempts meet: a fault for each of the first ones, or one for all. */
export type Course = readonly Fault[] | { readonly always: Fault };

/** One row of the table of faults. */
export type DeliveryRow = TrialOptions & {
	readonly posts?: Course;
	readonly lists?: Course;
	readonly exitCode: 0 | 4 | 5;
	/** The POSTs that reach the stand-in; `many` where it goes on until the budget is used up. */
	readonly attempts: number | 'many' | readonly [least: number, most: number];
	readonly lookups?: number;
	readonly records: number;
	/** What must be said, on either stream. */
	readonly says?: RegExp;
	/** The pauses, each in milliseconds from the least to the most; left out, those of the policy's back-off. */
	readonly pauses?: readonly (readonly [least: number, most: number])[];
};

/** Plays a row against a stand-in of its own, or the one given, and checks all that the row and the promises say. */
export async function checkRow(row: DeliveryRow, standIn?: Alert24StandIn): Promise<Trial> {
	const alert24 = standIn ?? (await startAlert24());
	setCourse(row.posts, alert24.failWith.bind(alert24), alert24.failAlways.bind(alert24));
	setCourse(row.lists, alert24.failListsWith.bind(alert24), alert24.failListsAlways.bind(alert24));
	const trial = await tryDelivery(alert24, row);
	const lookups = alert24.requests.length - alert24.posts.length;
	await alert24.close();

	const said = trial.stdout + trial.stderr;
	assert.equal(trial.exitCode, row.exitCode, said);
	assertAttempts(row.attempts, alert24.posts.length, said);
	if (row.lookups !== undefined) assert.equal(lookups, row.lookups, said);
	assert.equal(alert24.changes.length, row.records, said);
	if (row.says !== undefined) assert.match(said, row.says);
	assertPauses(trial.pauses, row.pauses);
	assertKept(trial, row);
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

function assertAttempts(expected: DeliveryRow['attempts'], actual: number, said: string): void {
	// The budget of 60 s holds pauses of 1, 2, 4, 8, 16, 16 and 16 s, or of half as long.
	const [least, most] = expected === 'many' ? [6, 10] : typeof expected === 'number' ? [expected, expected] : expected;
	assert.ok(actual >= least && actual <= most, `${actual} attempts, not ${expected}:\n${said}`);
}

function assertPauses(pauses: readonly number[], expected: DeliveryRow['pauses']): void {
	const { firstDelayMs, longestDelayMs } = retryPolicy;
	const ceilings = pauses.map((_, index) => Math.min(firstDelayMs * 2 ** index, longestDelayMs));
	const ranges = expected ?? ceilings.map((ceiling) => [ceiling / 2, ceiling] as const);
	assert.equal(pauses.length, ranges.length, `pauses: ${pauses.join()}`);
	for (const [index, [least, most]] of ranges.entries()) {
		const pause = pauses[index] ?? -1;
		assert.ok(pause >= least && pause <= most, `pause ${index + 1} is ${pause}, not from ${least} to ${most}`);
	}
	const sum = pauses.reduce((total, pause) => total + pause, 0);
	assert.ok(sum < 60_000, `all pauses take ${sum} ms`);
}

function assertKept({ exitCode, stdout, stderr, undelivered, undeliveredFile }: Trial, { records }: DeliveryRow): void {
	const doesClaim = /^(Already recorded|Recorded): /m.test(stdout);
	assert.equal(doesClaim, exitCode === 0, stdout);
	assert.ok(!doesClaim || records > 0, 'no record is claimed that is not there');
	if (exitCode === 0) {
		assert.equal(undelivered, undefined);
		return;
	}
	assert.match(
		stderr,
		/(NOT RECORDED|NOT CONFIRMED, perhaps recorded): Deployed web-shop @ 5b1e7d20 in "production".*: /,
	);
	assert.match(stderr, /alert24-notify replay \S+\n$/);
	assert.deepEqual(
		undelivered?.map(({ change }) => change.external_id),
		['gitlab:gitlab.com:4711:job:903311:production'],
	);
	assert.equal(statSync(undeliveredFile).mode & 0o777, 0o600);
}
