import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { answerStatus, type Fault, recordsFirst } from '../../stand-in/alert24-faults.ts';
import { type Alert24StandIn, startAlert24 } from '../../stand-in/alert24-stand-in.ts';
import { type Trial, tryDelivery } from '../support/delivery-trial.ts';

// Long enough for a response on a busy machine. The lookups after timeouts leave most of the budget.
const policy = { firstAttemptMs: 1000, attemptMs: 1000, secondLookupMs: 2000 };
const budgetMs = 60_000;

const healthy: Fault = { kind: 'none' };
const refusals: Fault[] = [400, 401, 403, 404, 409, 422, 302].map((status) => ({
	kind: 'status',
	status,
	recordsFirst: false,
}));
/** Faults after which Alert24 can store the same POST. */
const transientFaults: Fault[] = [
	{ kind: 'reset', when: 'before' },
	{ kind: 'reset', when: 'after' },
	...[408, 425, 429].map((status): Fault => ({ kind: 'status', status, recordsFirst: false })),
	...[true, false].flatMap((recordsFirst): Fault[] => [
		...[500, 502, 503, 504, 520].map((status): Fault => ({ kind: 'status', status, recordsFirst })),
		{ kind: 'reset', when: 'during-head', recordsFirst },
		{ kind: 'reset', when: 'during-body', recordsFirst },
		{ kind: 'hang-up', recordsFirst },
		{ kind: 'silence', recordsFirst },
		{ kind: 'headers-only', recordsFirst },
	]),
];
/** Asks for a pause beyond the budget. */
const tooBusy: Fault = { kind: 'status', status: 429, headers: { 'Retry-After': '3600' } };
/** A 2xx without a record. Only a list shows that the change is missing. */
const isBrokenPromise = (fault: Fault) => !recordsFirst(fault) && answerStatus(fault) === 201;

const transientListFaults: Fault[] = [
	{ kind: 'status', status: 500 },
	{ kind: 'status', status: 429 },
	{ kind: 'reset', when: 'before' },
	{ kind: 'hang-up' },
];
const lastingListFaults: Fault[] = [
	{ kind: 'status', status: 403 },
	{ kind: 'status', status: 200, body: { json: { items: [] } } },
];

suite('a delivery to a server that has faults and then is healthy', { concurrency: true }, () => {
	test('makes at most one record, and exits with 0 only if it is there, if the lists are readable', async () => {
		const posts = fc.array(fc.constantFrom(healthy, ...transientFaults, ...refusals), { maxLength: 5 });
		await fc.assert(
			fc.asyncProperty(posts, async (posts) => {
				await using alert24 = await startAlert24();
				alert24.failWith(...posts);
				const trial = await tryDelivery(alert24, { policy });
				assert.ok(alert24.changes.length <= 1, `${alert24.changes.length} records`);
				assert.equal(trial.exitCode === 0, alert24.changes.length === 1, trial.stderr);
				assertHonest(trial, alert24);
			}),
		);
	});

	test('makes two records only if no list was readable between them', async () => {
		const honest = [healthy, ...transientFaults, ...refusals].filter((fault) => !isBrokenPromise(fault));
		const posts = fc.array(fc.constantFrom(...honest), { maxLength: 5 });
		const lists = fc.array(fc.constantFrom(healthy, ...transientListFaults, ...lastingListFaults), { maxLength: 5 });
		await fc.assert(
			fc.asyncProperty(posts, lists, async (posts, lists) => {
				await using alert24 = await startAlert24();
				alert24.failWith(...posts);
				alert24.failListsWith(...lists);
				const trial = await tryDelivery(alert24, { policy });
				assertOneRecordBetweenLists(trial, alert24);
				assertHonest(trial, alert24);
			}),
			{
				// Two records: the lists fail until half of the budget is used up.
				examples: [
					[
						[status(408), status(408), { kind: 'reset', when: 'after' }],
						[status(500), { kind: 'hang-up' }, status(429), status(429)],
					],
				],
			},
		);
	});

	test('and a replay of the undelivered changes make one record for each of several services', async () => {
		// Without the faults that end by a timeout: they cost a second each. With one that ends the delivery.
		const quick = [healthy, ...transientFaults].filter(({ kind }) => kind !== 'silence' && kind !== 'headers-only');
		const honest = [...quick.filter((fault) => !isBrokenPromise(fault)), tooBusy, tooBusy, tooBusy];
		await fc.assert(
			fc.asyncProperty(fc.array(fc.constantFrom(...honest), { maxLength: 12 }), async (posts) => {
				await using alert24 = await startAlert24();
				alert24.failWith(...posts);
				const variables = { ALERT24_SERVICE_ID: 'svc_1,svc_2,svc_3' };
				const { undelivered, undeliveredDir } = await tryDelivery(alert24, { variables, policy });
				alert24.heal();
				if (undelivered.length > 0) {
					const { exitCode } = await tryDelivery(alert24, {
						argv: ['replay', undeliveredDir],
						variables: { ALERT24_UNDELIVERED_DIR: undeliveredDir },
					});
					assert.equal(exitCode, 0);
				}
				assert.deepEqual(alert24.sentChanges.map(({ service_id }) => service_id).sort(), ['svc_1', 'svc_2', 'svc_3']);
			}),
		);
	});
});

function status(status: number): Fault {
	return { kind: 'status', status };
}

/**
 * Between two POSTs that made a record, every list request failed. A list that fails for a while ends the search only
 * after half of the budget; a list with an unknown shape or without permission ends it at once.
 */
function assertOneRecordBetweenLists({ pauses }: Trial, { requests }: Alert24StandIn): void {
	const recording = requests.filter(({ method, fault }) => method === 'POST' && recordsFirst(fault));
	for (const [index, request] of recording.slice(1).entries()) {
		const between = requests.slice(requests.indexOf(recording[index] ?? request) + 1, requests.indexOf(request));
		const lists = between.filter(({ method }) => method === 'GET').map(({ fault }) => fault);
		const seen = JSON.stringify(requests.map(({ method, fault }) => [method, fault]));
		assert.ok(lists.length > 0, `no list request between two records: ${seen}`);
		assert.ok(!lists.some(({ kind }) => kind === 'none'), `two records although a list was readable: ${seen}`);
		// The pauses cost no time; the rest of the run takes a few seconds at most.
		const hasUsedHalf = pauses.reduce((sum, pause) => sum + pause, 0) > budgetMs / 2 - 5000;
		const hasLastingFault = lists.some((fault) => lastingListFaults.includes(fault));
		assert.ok(hasUsedHalf || hasLastingFault, `two records before half of the budget is used up: ${seen}`);
	}
}

/** The output claims no record that is missing and denies none that is there. */
function assertHonest(trial: Trial, alert24: Alert24StandIn): void {
	const isRecorded = alert24.changes.length > 0;
	const output = trial.stdout + trial.stderr;
	if (trial.exitCode === 0) assert.ok(isRecorded, `a claimed record is missing:\n${output}`);
	else if (isRecorded) assert.match(output, /NOT CONFIRMED/);
	assert.equal(trial.exitCode === 0, trial.undelivered.length === 0);
}
