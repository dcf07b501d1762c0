import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { answerStatus, type Fault, recordsFirst } from '../../stand-in/alert24-faults.ts';
import { type Alert24StandIn, startAlert24 } from '../../stand-in/alert24-stand-in.ts';
import { type Trial, tryDelivery } from '../support/delivery-trial.ts';

const policy = { attemptMs: 150, lookMs: 250 };

const flag = fc.boolean();
const status = (statuses: readonly number[], recordsFirst: fc.Arbitrary<boolean>) =>
	fc
		.tuple(fc.constantFrom(...statuses), recordsFirst)
		.map(([code, isRecorded]): Fault => ({ kind: 'status', status: code, recordsFirst: isRecorded }));
const cut = fc.constantFrom('during-head' as const, 'during-body' as const);

/** What can happen to a POST, recorded or not. */
const postFault: fc.Arbitrary<Fault> = fc.oneof(
	{ weight: 2, arbitrary: fc.constant<Fault>({ kind: 'none' }) },
	{ weight: 6, arbitrary: status([500, 502, 503, 504, 520], flag) },
	{ weight: 2, arbitrary: status([408, 425, 429], fc.constant(false)) },
	{ weight: 2, arbitrary: status([400, 401, 403, 404, 409, 422, 302], fc.constant(false)) },
	{ weight: 4, arbitrary: fc.constantFrom<Fault>({ kind: 'reset', when: 'before' }, { kind: 'reset', when: 'after' }) },
	{ weight: 2, arbitrary: flag.map((recordsFirst): Fault => ({ kind: 'hang-up', recordsFirst })) },
	{ weight: 1, arbitrary: flag.map((recordsFirst): Fault => ({ kind: 'silence', recordsFirst })) },
	{ weight: 1, arbitrary: flag.map((recordsFirst): Fault => ({ kind: 'headers-only', recordsFirst })) },
	{
		weight: 2,
		arbitrary: fc.tuple(cut, flag).map(([when, recordsFirst]): Fault => ({ kind: 'reset', when, recordsFirst })),
	},
);

/** A 2xx is a promise. One that is not kept can be seen by a list alone. */
const honestPostFault = postFault.filter(
	(fault) => recordsFirst(fault) || Math.floor((answerStatus(fault) ?? 0) / 100) !== 2,
);

/** What keeps a list from being had now, and what for good. */
const passingListFaults: Fault[] = [
	{ kind: 'status', status: 500 },
	{ kind: 'status', status: 429 },
	{ kind: 'reset', when: 'before' },
	{ kind: 'hang-up' },
];
const lastingListFaults: Fault[] = [
	{ kind: 'status', status: 403 },
	{ kind: 'status', status: 200, body: { json: { items: [] } } },
];
const listFault = fc.constantFrom<Fault>({ kind: 'none' }, ...passingListFaults, ...lastingListFaults);

/** Leaves behind a run that met these faults, and then health. */
async function play(posts: readonly Fault[], lists: readonly Fault[], alert24: Alert24StandIn): Promise<Trial> {
	alert24.failWith(...posts);
	alert24.failListsWith(...lists);
	return tryDelivery(alert24, { policy });
}

// So many pauses are surely over in the first half of the budget.
const mostLooksInVain = 4;

/**
 * The only way to two records: an attempt was recorded and looked as if it had failed, and then the list could not be had, for good or
 * until half of the budget was used up.
 */
function canRecordTwice(posts: readonly Fault[], lists: readonly Fault[]): boolean {
	const hasHiddenRecord = posts.some((fault) => fault.kind !== 'none' && recordsFirst(fault));
	const inVain = lists.filter(({ kind }) => kind !== 'none');
	return (
		hasHiddenRecord && (inVain.length > mostLooksInVain || inVain.some((fault) => lastingListFaults.includes(fault)))
	);
}

/** No record is claimed that is not there, and none is denied that is there: it is said where it is not known. */
function assertTold(trial: Trial, alert24: Alert24StandIn): void {
	const isRecorded = alert24.changes.length > 0;
	const said = trial.stdout + trial.stderr;
	if (trial.exitCode === 0) assert.ok(isRecorded, `a record is claimed that is not there:\n${said}`);
	else if (isRecorded) assert.match(said, /NOT CONFIRMED, perhaps recorded/);
	assert.equal(trial.exitCode === 0, trial.undelivered === undefined);
}

suite('whatever a server does, and then is healthy again', () => {
	test('with lists that can be had: one record at most, and exit code 0 exactly when it is there', async () => {
		await fc.assert(
			fc.asyncProperty(fc.array(postFault, { maxLength: 5 }), async (posts) => {
				await using alert24 = await startAlert24();
				const trial = await play(posts, [], alert24);
				assert.ok(alert24.changes.length <= 1, `${alert24.changes.length} records`);
				assert.equal(trial.exitCode === 0, alert24.changes.length === 1, trial.stderr);
				assertTold(trial, alert24);
			}),
			{ numRuns: 100 },
		);
	});

	test('with lists that fail, too: no record is claimed that is not there, and two need a list in vain', async () => {
		await fc.assert(
			fc.asyncProperty(
				fc.array(honestPostFault, { maxLength: 5 }),
				fc.array(listFault, { maxLength: 5 }),
				async (posts, lists) => {
					await using alert24 = await startAlert24();
					const trial = await play(posts, lists, alert24);
					if (!canRecordTwice(posts, lists))
						assert.ok(alert24.changes.length <= 1, `${alert24.changes.length} records`);
					assertTold(trial, alert24);
				},
			),
			{ numRuns: 100 },
		);
	});

	test('with lists that fail for a while: one record at most all the same', async () => {
		const someInVain = fc.array(fc.constantFrom(...passingListFaults), { maxLength: mostLooksInVain });
		await fc.assert(
			fc.asyncProperty(honestPostFault, someInVain, async (post, lists) => {
				await using alert24 = await startAlert24();
				const trial = await play([post], lists, alert24);
				assert.ok(alert24.changes.length <= 1, `${alert24.changes.length} records`);
				assertTold(trial, alert24);
			}),
			{ numRuns: 40 },
		);
	});

	test('with several services and their replay: each is recorded once in the end', async () => {
		const passing = honestPostFault.filter(
			(fault) => ![400, 401, 403, 404, 409, 422, 302].includes(answerStatus(fault) ?? 0),
		);
		await fc.assert(
			fc.asyncProperty(fc.array(passing, { maxLength: 12 }), async (posts) => {
				await using alert24 = await startAlert24();
				alert24.failWith(...posts);
				const variables = { ALERT24_SERVICE_ID: 'svc_1,svc_2,svc_3', ALERT24_TIMEOUT: '3' };
				const { undelivered, undeliveredFile } = await tryDelivery(alert24, { variables, policy });
				alert24.heal();
				if (undelivered !== undefined) {
					const { exitCode } = await tryDelivery(alert24, {
						argv: ['replay', undeliveredFile],
						variables: { ALERT24_UNDELIVERED_FILE: undeliveredFile },
					});
					assert.equal(exitCode, 0);
				}
				assert.deepEqual(alert24.sentChanges.map(({ service_id }) => service_id).sort(), ['svc_1', 'svc_2', 'svc_3']);
			}),
			{ numRuns: 30 },
		);
	});
});
