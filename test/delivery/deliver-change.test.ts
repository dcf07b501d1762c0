import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Fault } from '../../stand-in/alert24-faults.ts';
import { startAlert24 } from '../../stand-in/alert24-stand-in.ts';
import { checkRow, type DeliveryRow } from '../support/delivery-row.ts';
import { makePath, tryDelivery } from '../support/delivery-trial.ts';

const externalId = 'gitlab:gitlab.com:4711:job:903311:production';
const failing: Fault = { kind: 'status', status: 503 };
const failedButRecorded: Fault = { kind: 'status', status: 503, recordsFirst: true };
const brokenOff: Fault = { kind: 'reset', when: 'during-body', recordsFirst: false };

async function check(row: DeliveryRow, earlier?: object): Promise<void> {
	const alert24 = await startAlert24();
	if (earlier !== undefined) alert24.record({ summary: 'earlier', environment: 'production', ...earlier });
	await checkRow(row, alert24);
}

suite('ALERT24_DEDUPE', { concurrency: true }, () => {
	const already = { exitCode: 0, attempts: 0, records: 1, lookups: 1, says: /^Already recorded: / } as const;
	const recorded = { exitCode: 0, attempts: 1, says: /^Recorded: /m } as const;

	test('left out, does not look before the first attempt', () =>
		check({ ...recorded, records: 2, lookups: 0 }, { external_id: externalId }));

	test('on-retry does the same', () =>
		check(
			{ ...recorded, records: 2, lookups: 0, variables: { ALERT24_DEDUPE: 'on-retry' } },
			{ external_id: externalId },
		));

	test('always finds what an earlier run of the job recorded', () =>
		check({ ...already, variables: { ALERT24_DEDUPE: 'always' } }, { external_id: externalId }));

	test('always records what is not there, by exact comparison', () =>
		check(
			{ ...recorded, records: 2, lookups: 1, variables: { ALERT24_DEDUPE: 'always' } },
			{ external_id: `${externalId}:svc_1` },
		));

	for (const list of [{ kind: 'status', status: 403 }, { kind: 'silence' }] as const) {
		test(`always sends the change where the list is of no help (${list.kind})`, () =>
			check({
				...recorded,
				records: 1,
				lists: { always: list },
				policy: { lookMs: 100 },
				variables: { ALERT24_DEDUPE: 'always' },
			}));
	}

	test('always leaves most of a short budget to the change itself', async () => {
		await using alert24 = await startAlert24();
		alert24.failListsAlways({ kind: 'silence' });
		const variables = { ALERT24_DEDUPE: 'always', ALERT24_TIMEOUT: '1' };
		const { exitCode, stdout } = await tryDelivery(alert24, { variables, policy: { firstDelayMs: 1 } });
		assert.equal(exitCode, 0);
		assert.match(stdout, /^Recorded: /);
	});

	test('never does not look at all, at the price of a second record', () =>
		check({
			posts: [failedButRecorded],
			exitCode: 0,
			attempts: 2,
			records: 2,
			lookups: 0,
			variables: { ALERT24_DEDUPE: 'never' },
		}));

	test('of another word is a mistake', async () => {
		await using alert24 = await startAlert24();
		const { exitCode, stderr } = await tryDelivery(alert24, { variables: { ALERT24_DEDUPE: 'sometimes' } });
		assert.equal(exitCode, 2);
		assert.match(stderr, /ALERT24_DEDUPE must be one of on-retry, always, never; got "sometimes"/);
	});
});

suite('an answer 2xx that breaks off', { concurrency: true }, () => {
	test('is believed when the list shows the change', () =>
		check({ posts: [{ kind: 'reset', when: 'during-body' }], exitCode: 0, attempts: 1, lookups: 1, records: 1 }));

	test('is not believed when the list does not show it: it is sent again', () =>
		check({ posts: [brokenOff], exitCode: 0, attempts: 2, lookups: 1, records: 1 }));

	test('is believed when no list can be had for good', () =>
		check({
			posts: [{ kind: 'reset', when: 'during-body' }],
			lists: { always: { kind: 'status', status: 403 } },
			exitCode: 0,
			attempts: 1,
			lookups: 1,
			records: 1,
			says: /^Recorded: .* in "production"$/m,
		}));

	test('is neither believed nor sent again while the list fails: perhaps recorded', () =>
		check({
			posts: { always: { kind: 'reset', when: 'during-body' } },
			lists: { always: failing },
			exitCode: 5,
			attempts: 1,
			records: 1,
			says: /NOT CONFIRMED, perhaps recorded: .*it is not known whether the change was recorded: the list was answered with 503/,
		}));

	for (const part of ['body', 'head'] as const) {
		test(`with an endless ${part}, does not take memory without end, and is looked for`, () =>
			check({ posts: [{ kind: 'endless', part }], exitCode: 0, attempts: 1, lookups: 1, records: 1 }));
	}
});

suite('a look', { concurrency: true }, () => {
	test('comes before every attempt after one that may have arrived, even one that surely did not', () =>
		check({
			posts: [failing, { kind: 'status', status: 429 }, failing],
			exitCode: 0,
			attempts: 4,
			lookups: 3,
			records: 1,
		}));

	test('comes not after attempts that surely did not arrive', () =>
		check({
			posts: [
				{ kind: 'status', status: 429 },
				{ kind: 'status', status: 425 },
			],
			exitCode: 0,
			attempts: 3,
			lookups: 0,
			records: 1,
		}));

	test('comes last when the budget is used up', () =>
		check({
			posts: [{ kind: 'status', status: 503, recordsFirst: true, headers: { 'Retry-After': '3600' } }],
			exitCode: 0,
			attempts: 1,
			lookups: 1,
			records: 1,
			pauses: [],
			says: /^Already recorded: /m,
		}));

	test('comes last when a later attempt is refused', () =>
		check({
			posts: [failedButRecorded, { kind: 'status', status: 400 }],
			lists: [{ kind: 'status', status: 403 }],
			exitCode: 0,
			attempts: 2,
			lookups: 2,
			records: 1,
		}));

	test('reads a list of a hundred changes with long messages', async () => {
		const alert24 = await startAlert24();
		const commit_message = 'é'.repeat(10_000);
		for (let index = 0; index < 99; index += 1) {
			alert24.record({ summary: 'x', description: commit_message, commit_message, external_id: `other:${index}` });
		}
		await checkRow({ posts: [failedButRecorded], exitCode: 0, attempts: 1, lookups: 1, records: 100 }, alert24);
	});
});

suite('several services', { concurrency: true }, () => {
	const variables = { ALERT24_SERVICE_ID: 'svc_1,svc_2,svc_3' };

	test('are delivered each on its own: one that fails stops no other, and alone is kept', async () => {
		await using alert24 = await startAlert24({ services: ['svc_1', 'svc_3'] });
		const trial = await tryDelivery(alert24, { variables });
		assert.equal(trial.exitCode, 4);
		assert.match(trial.stdout, /^Recorded: .*"svc_1".*\nRecorded: .*"svc_3".*\n$/);
		assert.match(trial.stderr, /NOT RECORDED: .*"svc_2": Alert24 answered 404/);
		assert.deepEqual(
			trial.undelivered?.map(({ change, state }) => [change.service_id, state]),
			[['svc_2', 'refused']],
		);
	});

	test('give the highest exit code, and keep the others’ failures, too', async () => {
		await using alert24 = await startAlert24({ services: ['svc_1', 'svc_3'] });
		alert24.failWith({ kind: 'status', status: 429, headers: { 'Retry-After': '3600' } });
		const trial = await tryDelivery(alert24, { variables });
		assert.equal(trial.exitCode, 5);
		assert.equal(trial.undelivered?.length, 2);
		assert.equal(alert24.changes.length, 1);
	});
});

suite('a change that is kept', () => {
	test('is the exact one, with the reason, the attempts, the time and the request id', async () => {
		await using alert24 = await startAlert24();
		alert24.failAlways(failing);
		const before = Date.now();
		const { undelivered, pauses } = await tryDelivery(alert24, {
			variables: { CI_COMMIT_MESSAGE: 'ü "\\ \u001b[31m\n*' },
		});
		const { change, failed_at, ...facts } = undelivered?.[0] ?? assert.fail('nothing is kept');
		assert.deepEqual(change, JSON.parse(alert24.posts[0]?.body ?? ''));
		assert.deepEqual(facts, {
			state: 'undelivered',
			reason: 'Alert24 answered 503 (unknown_error: "Service Unavailable"); the time of ALERT24_TIMEOUT is used up',
			attempts: alert24.posts.length,
			request_id: alert24.posts.at(-1)?.requestId,
		});
		const waited = pauses.reduce((sum, pause) => sum + pause, 0);
		assert.ok(Date.parse(failed_at) >= before + waited - 1 && Date.parse(failed_at) <= Date.now() + waited);
	});

	test('is none where nothing failed', async () => {
		await using alert24 = await startAlert24();
		const path = makePath();
		const { undelivered } = await tryDelivery(alert24, { variables: { ALERT24_UNDELIVERED_FILE: path } });
		assert.equal(undelivered, undefined);
	});
});
