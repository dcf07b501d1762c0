import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { systemClock } from '../../src/delivery/clock.ts';
import { type Fault, falseSuccesses } from '../../stand-in/alert24-faults.ts';
import { type Alert24StandIn, startAlert24 } from '../../stand-in/alert24-stand-in.ts';
import { checkRow, type DeliveryRow } from '../support/delivery-row.ts';
import { tryDelivery } from '../support/delivery-trial.ts';

const externalId = 'gitlab:gitlab.com:4711:job:903311:production';
const status = (code: number, more: object = {}): Fault => ({ kind: 'status', status: code, ...more });
const list = (json: unknown): Fault => status(200, { body: { json } });
const recordedOnly503 = status(503, { recordsFirst: true });
// Long enough for a response on a busy machine. The later attempts and the lookups have the policy's own limits.
const shortAttempt = { firstAttemptMs: 2000 };
const late: Fault = { kind: 'late', delayMs: 60_000 };
const recorded = { exitCode: 0, records: 1, result: 'Recorded' } as const;
const already = { exitCode: 0, attempts: 1, records: 1, result: 'Already recorded' } as const;
const refused = { exitCode: 4, attempts: 1, records: 0, result: 'NOT RECORDED' } as const;
const usedUp = { exitCode: 5, attempts: 'many', records: 0, result: 'NOT RECORDED' } as const;
const unconfirmed = { exitCode: 5, attempts: 1, result: 'NOT CONFIRMED' } as const;

function table(rows: Record<string, DeliveryRow>): void {
	for (const [title, row] of Object.entries(rows)) test(title, () => checkRow(row).then(() => undefined));
}

suite('a delivery', { concurrency: 8 }, () => {
	table({
		'is recorded by the first attempt': { ...recorded, attempts: 1, lookups: 0 },
		'is recorded by a response without a body': { ...recorded, posts: [status(204)], attempts: 1, lookups: 0 },
		'is retried after 503': {
			...recorded,
			posts: [status(503), status(503)],
			attempts: 3,
			pauses: [
				[500, 1000],
				[1000, 2000],
			],
		},
		'is retried after 429 without a lookup': {
			...recorded,
			posts: [status(429), status(425)],
			attempts: 3,
			lookups: 0,
		},
		'is looked up before every attempt after one that may have arrived': {
			...recorded,
			posts: [status(503), status(429), status(503)],
			attempts: 4,
			lookups: 3,
		},
		'is retried until the budget is used up': { ...usedUp, posts: { always: status(503) } },
		'waits as long as Retry-After asks': {
			...recorded,
			posts: [status(429, { headers: { 'Retry-After': '7' } })],
			attempts: 2,
			pauses: [[7000, 7250]],
		},
		'ends if Retry-After exceeds the budget': {
			...usedUp,
			posts: [status(429, { headers: { 'Retry-After': '60' } })],
			attempts: 1,
			pauses: [],
		},
		'is not retried after 400': { ...refused, posts: { always: status(400) }, lookups: 0 },
		'does not follow a redirect': { ...refused, posts: [{ kind: 'redirect', to: 'endless' }], lookups: 0 },
		'finds the record of an earlier attempt after a conflict': {
			...already,
			posts: [status(500, { recordsFirst: true }), status(409)],
			lists: [status(403)],
			attempts: 2,
			lookups: 2,
		},
		'is retried after a reset before the request': {
			...recorded,
			posts: [{ kind: 'reset', when: 'before' }],
			attempts: 2,
		},
		'is retried after bytes that are not HTTP': { ...recorded, posts: [{ kind: 'not-http' }], attempts: 2 },
		'is sent again if a 2xx without an end is not in the list': {
			...recorded,
			posts: [{ kind: 'reset', when: 'during-body', recordsFirst: false }],
			attempts: 2,
			lookups: 1,
		},
		'waits for two lookups after an attempt that timed out': {
			...recorded,
			posts: [{ kind: 'silence' }],
			policy: shortAttempt,
			attempts: 2,
			lookups: 2,
			pauses: [
				[500, 1000],
				[10_000, 15_000],
			],
		},
		'waits for two lookups after a gateway that timed out': {
			...recorded,
			posts: [status(504)],
			attempts: 2,
			lookups: 2,
			pauses: [
				[500, 1000],
				[10_000, 15_000],
			],
		},
	});
});

suite('a change that is recorded without a complete response is found in the list', { concurrency: 8 }, () => {
	const faults: Record<string, Fault> = {
		'after a reset': { kind: 'reset', when: 'after' },
		'after a reset in the head': { kind: 'reset', when: 'during-head' },
		'after a reset in the body': { kind: 'reset', when: 'during-body' },
		'after a closed connection': { kind: 'hang-up', recordsFirst: true },
		'after an endless head': { kind: 'endless', part: 'head' },
		'after an endless body': { kind: 'endless', part: 'body' },
		'after a body of 32 MiB': status(201, { body: 'huge' }),
		'after 503': recordedOnly503,
	};
	table(
		Object.fromEntries(
			Object.entries(faults).map(([title, fault]) => [title, { ...already, posts: { always: fault }, lookups: 1 }]),
		),
	);
	const timeouts: Record<string, Fault> = {
		'after silence': { kind: 'silence', recordsFirst: true },
		'after headers only': { kind: 'headers-only' },
		'after a late response': late,
	};
	table(
		Object.fromEntries(
			Object.entries(timeouts).map(([title, fault]) => [
				title,
				{ ...already, posts: { always: fault }, lookups: 1, policy: shortAttempt },
			]),
		),
	);
	table({
		'when the budget is used up': {
			...already,
			posts: [status(503, { recordsFirst: true, headers: { 'Retry-After': '3600' } })],
			lookups: 1,
			pauses: [],
		},
		'when a later attempt is refused': {
			...already,
			posts: [recordedOnly503, status(400)],
			lists: [status(403)],
			attempts: 2,
			lookups: 2,
		},
	});

	test('on a page of 12 MB', async () => {
		const alert24 = await startAlert24();
		alert24.recordOthers(99, 120_000);
		await checkRow({ ...already, posts: [recordedOnly503], lookups: 1, records: 100 }, alert24);
	});

	test('behind a cache', async () => {
		await checkRow({
			...already,
			posts: [recordedOnly503],
			lists: { always: { kind: 'cached', copyOf: 0 } },
			lookups: 1,
		});
	});
});

suite('an Alert24 that is slower than the attempt', { concurrency: true }, () => {
	const policy = { firstAttemptMs: 1000 };

	/** Stores the change when the first list has been read, and answers no POST. */
	function recordAfterFirstList(alert24: Alert24StandIn): void {
		alert24.failAlways({ kind: 'silence' });
		void alert24.nthRequest(2).then(() => alert24.record(JSON.parse(alert24.posts[0]?.body ?? '')));
	}

	test('records the change once', async () => {
		await using alert24 = await startAlert24();
		recordAfterFirstList(alert24);
		const { stdout } = await tryDelivery(alert24, { policy });
		assert.match(stdout, /^Already recorded: /);
		assert.equal(alert24.posts.length, 1);
	});

	test('is looked up as late as possible if the budget is too short for two lookups', async () => {
		await using alert24 = await startAlert24();
		recordAfterFirstList(alert24);
		const lastLookup = { secondLookupMs: 50_000, firstDelayMs: 10_000 };
		const { stdout, pauses } = await tryDelivery(alert24, { policy: { ...policy, ...lastLookup } });
		assert.match(stdout, /^Already recorded: /);
		assert.equal(alert24.posts.length, 1);
		const [beforeLookup = 0, beforeLastLookup = 0] = pauses;
		const remainingMs = 60_000 - beforeLookup - policy.firstAttemptMs - lastLookup.firstDelayMs;
		assert.ok(beforeLastLookup <= remainingMs && beforeLastLookup > remainingMs - 10_000, `${pauses}`);
	});

	test('leaves the change unconfirmed if one list at the end of the budget does not contain it', async () => {
		await using alert24 = await startAlert24();
		alert24.failAlways({ kind: 'silence' });
		const { exitCode, stderr } = await tryDelivery(alert24, { policy: { ...policy, secondLookupMs: 60_000 } });
		assert.equal(exitCode, 5);
		assert.match(
			stderr,
			/NOT CONFIRMED: .*: no complete response within 1 s; the list does not contain the change yet \(1 attempt/,
		);
		assert.equal(alert24.posts.length, 1);
	});

	test('has more time in the first attempt than in the later ones', async () => {
		await using alert24 = await startAlert24();
		alert24.failAlways({ kind: 'late', delayMs: 1500 });
		const { stdout } = await tryDelivery(alert24, { policy: { attemptMs: 1000 } });
		assert.match(stdout, /^Recorded: /);
	});
});

suite('a 2xx that does not come from Alert24', { concurrency: true }, () => {
	for (const [title, fault] of Object.entries(falseSuccesses)) {
		test(`does not count: ${title}`, () =>
			checkRow({ ...unconfirmed, posts: { always: fault }, records: 0, lookups: 1 }).then(() => undefined));
	}

	table({
		'does not hide a record that the list contains': {
			...already,
			posts: [status(200, { body: 'html', isForeign: true, recordsFirst: true })],
			lookups: 1,
		},
		'does not count if the portal also answers for the list': {
			...unconfirmed,
			posts: { always: falseSuccesses['a captive portal'] },
			lists: { always: status(200, { body: 'html' }) },
			records: 0,
		},
	});
});

suite('a list that does not help', { concurrency: 8 }, () => {
	const others = Array.from({ length: 100 }, (_, index) => ({ id: `chg_${index}`, external_id: `other:${index}` }));
	const unreadable: Record<string, Fault> = {
		'that the key may not read': status(403),
		'of an unknown form': list({ changes: [] }),
		'with null in it': list({ data: [null, 1, 'x', [], { external_id: 7 }] }),
		'that is a page of HTML': status(200, { body: 'html' }),
	};
	for (const [title, fault] of Object.entries(unreadable)) {
		table({
			[`does not stop the next attempt: a list ${title}`]: {
				...recorded,
				posts: [status(503)],
				lists: { always: fault },
				attempts: 2,
				lookups: 1,
			},
		});
	}
	table({
		'is searched for three pages if its changes have no time': {
			...recorded,
			posts: [status(503)],
			lists: { always: list({ data: others, meta: { total: 900, limit: 100, offset: 0, has_more: true } }) },
			attempts: 2,
			lookups: 3,
		},
		'leaves a change unconfirmed if every attempt and every list fails': {
			...unconfirmed,
			posts: { always: { kind: 'reset', when: 'before' } },
			lists: { always: { kind: 'reset', when: 'before' } },
			attempts: 'any',
			records: 0,
		},
		'leaves a 2xx without an end unconfirmed, and does not send it again': {
			...unconfirmed,
			posts: { always: { kind: 'reset', when: 'during-body' } },
			lists: { always: status(503) },
			records: 1,
		},
		'leaves a 2xx without an end unconfirmed also if it fails for good': {
			...unconfirmed,
			posts: { always: { kind: 'reset', when: 'during-body' } },
			lists: { always: status(403) },
			records: 1,
			lookups: 2,
		},
	});
	const transient: Record<string, Fault> = {
		'rate-limited': status(429),
		failing: status(500),
		late,
		endless: { kind: 'endless', part: 'body' },
	};
	for (const [title, fault] of Object.entries(transient)) {
		table({
			[`is requested again, until half of the budget is used up: ${title}`]: {
				...recorded,
				posts: [status(503)],
				lists: { always: fault },
				attempts: 2,
				policy: { lookupMs: 300 },
			},
			[`is believed when it recovers: ${title} once`]: {
				...already,
				posts: [{ kind: 'reset', when: 'after' }],
				lists: [fault],
				lookups: 2,
				policy: { lookupMs: 2000 },
			},
		});
	}
});

suite('ALERT24_DEDUPE', { concurrency: true }, () => {
	async function check(row: DeliveryRow, earlierId: string): Promise<void> {
		const alert24 = await startAlert24();
		alert24.record({ summary: 'earlier', environment: 'production', external_id: earlierId });
		await checkRow(row, alert24);
	}

	test('is on-retry by default: no lookup before the first attempt', () =>
		check({ ...recorded, attempts: 1, records: 2, lookups: 0 }, externalId));

	const always = { variables: { ALERT24_DEDUPE: 'always' } };
	test('=always finds the record of an earlier run of the job', () =>
		check({ ...already, ...always, attempts: 0, lookups: 1 }, externalId));

	test('=always compares the whole external_id', () =>
		check({ ...recorded, ...always, attempts: 1, records: 2, lookups: 1 }, `${externalId}:svc_1`));

	for (const fault of [status(403), { kind: 'silence' }] as Fault[]) {
		test(`=always sends the change if the list does not help (${fault.kind})`, () =>
			checkRow({ ...recorded, ...always, attempts: 1, lists: { always: fault }, policy: { lookupMs: 100 } }).then(
				() => undefined,
			));
	}

	test('=always leaves most of a short budget to the change', async () => {
		await using alert24 = await startAlert24();
		alert24.failListsAlways({ kind: 'silence' });
		const variables = { ALERT24_DEDUPE: 'always', ALERT24_TIMEOUT: '8' };
		const { stdout } = await tryDelivery(alert24, { variables, policy: { lookupMs: 60_000 } });
		assert.match(stdout, /^Recorded: /);
	});

	test('=never looks up nothing, and may record twice', () =>
		checkRow({
			...recorded,
			posts: [recordedOnly503],
			attempts: 2,
			records: 2,
			lookups: 0,
			variables: { ALERT24_DEDUPE: 'never' },
		}).then(() => undefined));

	test('=never leaves a 2xx without an end unconfirmed', () =>
		checkRow({
			...unconfirmed,
			posts: [{ kind: 'reset', when: 'during-body' }],
			records: 1,
			lookups: 0,
			variables: { ALERT24_DEDUPE: 'never' },
		}).then(() => undefined));
});

suite('several services', { concurrency: true }, () => {
	const variables = { ALERT24_SERVICE_ID: 'svc_1,svc_2,svc_3' };

	test('are delivered independently: only the failed one is kept', async () => {
		await using alert24 = await startAlert24({ services: ['svc_1', 'svc_3'] });
		const trial = await tryDelivery(alert24, { variables });
		assert.equal(trial.exitCode, 4);
		assert.match(trial.stdout, /^Recorded: .*"svc_1".*\nRecorded: .*"svc_3".*\n$/);
		assert.match(trial.stderr, /NOT RECORDED: .*"svc_2": Alert24 answered 404/);
		assert.deepEqual(
			trial.undelivered.map(({ change, state }) => [change.service_id, state]),
			[['svc_2', 'refused']],
		);
	});

	test('exit with the highest code, and keep every failed change', async () => {
		await using alert24 = await startAlert24({ services: ['svc_1', 'svc_3'] });
		alert24.failWith(status(429, { headers: { 'Retry-After': '3600' } }));
		const trial = await tryDelivery(alert24, { variables });
		assert.equal(trial.exitCode, 5);
		assert.equal(trial.undelivered.length, 2);
		assert.equal(alert24.changes.length, 1);
	});

	test('are recorded once each, although one list shows a hundred changes and each first response is lost', async () => {
		await using alert24 = await startAlert24();
		const services = Array.from({ length: 110 }, (_, index) => `svc_${index}`);
		alert24.failWith(...services.map(() => status(502, { recordsFirst: true })));
		const { exitCode } = await tryDelivery(alert24, {
			variables: { ALERT24_SERVICE_ID: services.join(',') },
			policy: { firstDelayMs: 1 },
			clock: systemClock,
		});
		assert.equal(exitCode, 0);
		assert.deepEqual(servicesOf(alert24), services.toSorted());
	});
});

function servicesOf({ changes }: Alert24StandIn): unknown[] {
	return changes.map(({ service_id: id }) => id).sort();
}

suite('the progress of a delivery', () => {
	test('is one line for each attempt, with the result, the next attempt and the time left', async () => {
		await using alert24 = await startAlert24();
		alert24.failWith(status(503), status(429, { headers: { 'Retry-After': '20' } }));
		const variables = { ALERT24_VERBOSE: 'false', ALERT24_SERVICE_ID: 'svc_1' };
		const { stderr } = await tryDelivery(alert24, { variables });
		assert.match(
			stderr,
			/^alert24-notify: attempt 1 for service "svc_1": Alert24 answered 503 \(unknown_error: "Service Unavailable"\); next attempt in 1 s, \d\d s left\nalert24-notify: attempt 2 for service "svc_1": Alert24 answered 429 \(rate_limit_error: "Too many requests"\); next attempt in 2\d s, \d\d s left\n$/,
		);
	});

	test('names the pause that the server asks for, and the time left', async () => {
		await using alert24 = await startAlert24();
		alert24.failAlways(status(429, { headers: { 'Retry-After': '600' } }));
		const { stderr } = await tryDelivery(alert24);
		assert.match(
			stderr,
			/NOT RECORDED: .*\) and asks to wait 600 s, but only \d\d s are left \(1 attempt, request id req_/,
		);
	});
});
