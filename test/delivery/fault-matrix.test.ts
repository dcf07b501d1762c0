import { suite, test } from 'node:test';
import { type Fault, strangeBodies } from '../../stand-in/alert24-faults.ts';
import { checkRow, type DeliveryRow } from '../support/delivery-row.ts';

const externalId = 'gitlab:gitlab.com:4711:job:903311:production';
// Long enough for an answer on a busy machine.
const patience = { attemptMs: 400, lookMs: 400 };
const tooLateMs = 900;

const usedUp = /; the time of ALERT24_TIMEOUT is used up.* \(\d+ attempts, request id (req_\S+|not given)\)/;

/** The rows for a fault that comes once, three times and always, of which nothing is recorded. */
function passing(fault: Fault, options: Partial<DeliveryRow> = {}): Record<string, DeliveryRow> {
	const health = { exitCode: 0, records: 1, says: /^Recorded: /m } as const;
	return {
		once: { posts: [fault], attempts: 2, ...health, ...options },
		'three times': { posts: [fault, fault, fault], attempts: 4, ...health, ...options },
		always: { posts: { always: fault }, attempts: 'many', exitCode: 5, records: 0, says: usedUp, ...options },
	};
}

function table(title: string, rows: Record<string, DeliveryRow>): void {
	suite(title, { concurrency: 16 }, () => {
		for (const [name, row] of Object.entries(rows)) test(name, () => checkRow(row).then(() => undefined));
	});
}

suite('a status that may pass is tried again', () => {
	for (const status of [408, 425, 429, 500, 502, 503, 504, 520])
		table(`${status}`, passing({ kind: 'status', status }));
	for (const body of ['html', 'empty', 'cut-json', 'huge'] as const) {
		table(`503 with a body that is ${body}`, passing({ kind: 'status', status: 503, body }));
	}
});

suite('a status that will not pass is tried once', () => {
	const remedies: Record<number, RegExp> = {
		400: /Alert24 answered 400 \(validation_error: "Invalid or missing data"\) \(1 attempt, request id req_/,
		401: /Alert24 answered 401 .*check ALERT24_API_KEY/,
		403: /Alert24 answered 403 .*the key needs the scope write/,
		404: /Alert24 answered 404 .*check ALERT24_SERVICE_ID/,
		409: /Alert24 answered 409/,
		413: /Alert24 answered 413/,
		422: /Alert24 answered 422/,
	};
	for (const [code, says] of Object.entries(remedies)) {
		const status = Number(code);
		const refused = { exitCode: 4, attempts: 1, records: 0, says } as const;
		const rows: Record<string, DeliveryRow> = {
			once: { posts: [{ kind: 'status', status }], ...refused },
			always: { posts: { always: { kind: 'status', status } }, ...refused },
		};
		for (const body of ['html', 'empty', 'cut-json'] as const) {
			const bare = new RegExp(`Alert24 answered ${status}[: ]`);
			rows[`with a body that is ${body}`] = { posts: [{ kind: 'status', status, body }], ...refused, says: bare };
		}
		table(code, rows);
	}
	table('a conflict', {
		'with the record that an earlier attempt made is a record': {
			posts: [
				{ kind: 'status', status: 500, recordsFirst: true },
				{ kind: 'status', status: 409 },
			],
			lists: [{ kind: 'status', status: 403 }],
			attempts: 2,
			lookups: 2,
			exitCode: 0,
			records: 1,
			says: /^Already recorded: /m,
		},
	});
});

suite('a redirect is not followed', () => {
	for (const status of [301, 302, 303, 307, 308]) {
		const refused = {
			attempts: 1,
			lookups: 0,
			exitCode: 4,
			records: 0,
			says: /a redirect, which is not followed/,
		} as const;
		table(`${status}`, {
			'to itself': { posts: { always: { kind: 'redirect', to: 'itself', status } }, ...refused },
			'to an endless chain': { posts: { always: { kind: 'redirect', to: 'endless', status } }, ...refused },
			'to nowhere': { posts: { always: { kind: 'status', status } }, ...refused },
		});
	}
	table('304', {
		'is no record': { posts: [{ kind: 'status', status: 304 }], attempts: 1, exitCode: 4, records: 0 },
	});
});

suite('any 2xx is a record', () => {
	for (const [name, body] of Object.entries(strangeBodies)) {
		const isWhole = body !== 'huge';
		const row = (status: number): DeliveryRow => ({
			posts: [{ kind: 'status', status, body }],
			attempts: 1,
			lookups: isWhole ? 0 : 1,
			exitCode: 0,
			records: 1,
			says: isWhole ? /^Recorded: /m : /^Already recorded: /m,
		});
		table(`whose body is ${name}`, { 200: row(200), 201: row(201) });
	}
	for (const status of [202, 204, 226, 299]) {
		table(`${status}`, { alone: { posts: [{ kind: 'status', status }], attempts: 1, exitCode: 0, records: 1 } });
	}
});

suite('Retry-After', () => {
	const wish = (value: string): Fault => ({ kind: 'status', status: 429, headers: { 'Retry-After': value } });
	const heeded = { attempts: 2, exitCode: 0, records: 1, says: /^Recorded: /m } as const;
	const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1000).toUTCString();
	const backOff = [500, 1000] as const;
	table('is heeded', {
		'in seconds': { posts: [wish('7')], ...heeded, pauses: [[7000, 7250]] },
		'with 503': {
			posts: [{ kind: 'status', status: 503, headers: { 'Retry-After': '7' } }],
			...heeded,
			pauses: [[7000, 7250]],
		},
		'three times': {
			posts: [wish('3'), wish('4'), wish('5')],
			...heeded,
			attempts: 4,
			pauses: [
				[3000, 3250],
				[4000, 4250],
				[5000, 5250],
			],
		},
		'as a date': { posts: [wish(inSeconds(20))], ...heeded, pauses: [[17_000, 20_250]] },
		'when it is 0, by the back-off': { posts: [wish('0')], ...heeded, pauses: [backOff] },
		'when it is past, by the back-off': { posts: [wish(inSeconds(-3600))], ...heeded, pauses: [backOff] },
	});
	for (const value of ['soon', '-5', '1.5', '7 s', '0x10', '1e3', 'Tomorrow 12:00:00', '']) {
		table(`that is malformed, ${JSON.stringify(value)}`, {
			'is as good as none': { posts: [wish(value)], ...heeded, pauses: [backOff] },
		});
	}
	const absurd = { attempts: 1, exitCode: 5, records: 0, pauses: [] } as const;
	table('beyond the budget ends the attempts', {
		'one hour': {
			posts: [wish('3600')],
			...absurd,
			says: /and asks to wait 3600 s; the time of ALERT24_TIMEOUT is used up/,
		},
		'as long as the budget': { posts: [wish('60')], ...absurd, says: /asks to wait 60 s/ },
		'thirty years': { posts: [wish('999999999999999999999')], ...absurd, says: /asks to wait 1000000000 s/ },
		'a date in an hour': { posts: [wish(inSeconds(3600))], ...absurd, says: /asks to wait 3(600|59\d) s/ },
	});
});

suite('a broken connection', () => {
	table('reset before the request was read', passing({ kind: 'reset', when: 'before' }));
	table('closed in good order without an answer', passing({ kind: 'hang-up' }));
	table('that does not speak HTTP', passing({ kind: 'not-http' }));
	table('reset in the head of an answer 500', passing({ kind: 'reset', when: 'during-head', status: 500 }));
	table('reset in the body of an answer 500', passing({ kind: 'reset', when: 'during-body', status: 500 }));
	table('that ends after a recorded change', {
		...recorded('reset after the request', { kind: 'reset', when: 'after' }),
		...recorded('reset in the head', { kind: 'reset', when: 'during-head' }),
		...recorded('reset in the body', { kind: 'reset', when: 'during-body' }),
		...recorded('closed without an answer', { kind: 'hang-up', recordsFirst: true }),
		...recorded('an endless body', { kind: 'endless', part: 'body' }),
		...recorded('an endless head', { kind: 'endless', part: 'head' }),
		...recorded('500', { kind: 'status', status: 500, recordsFirst: true }),
		...recorded('502', { kind: 'status', status: 502, recordsFirst: true, body: 'html' }),
		...recorded('504', { kind: 'status', status: 504, recordsFirst: true, body: 'empty' }),
	});
});

/** However often an answer fails to come: what was recorded is found, and is not sent again. */
function recorded(title: string, fault: Fault, options: Partial<DeliveryRow> = {}): Record<string, DeliveryRow> {
	const found = {
		attempts: 1,
		lookups: 1,
		exitCode: 0,
		records: 1,
		says: /^Already recorded: .* \(change \S+\)$/m,
	} as const;
	return {
		[`${title}, once`]: { posts: [fault], ...found, ...options },
		[`${title}, always`]: { posts: { always: fault }, ...found, ...options },
	};
}

suite('a list that is no help', () => {
	const lost: Fault = { kind: 'status', status: 503 };
	const sentAgain = { posts: [lost], attempts: 2, exitCode: 0, records: 1, says: /^Recorded: /m } as const;
	const json = (value: unknown): Fault => ({ kind: 'status', status: 200, body: { json: value } });
	const others = Array.from({ length: 100 }, (_, index) => ({ id: `chg_${index}`, external_id: `other:${index}` }));
	const unreadable: Record<string, Fault> = {
		'refused with 401': { kind: 'status', status: 401 },
		'refused with 403': { kind: 'status', status: 403 },
		'not there': { kind: 'status', status: 404 },
		'a redirect': { kind: 'redirect', to: 'endless' },
		'without data': json({ changes: [] }),
		'with null in it': json({ data: [null, 1, 'x', [], { external_id: 7 }] }),
		'an array': json([{ external_id: externalId }]),
		'null data': json({ data: null }),
		html: { kind: 'status', status: 200, body: 'html' },
		empty: { kind: 'status', status: 200, body: 'empty' },
		'cut JSON': { kind: 'status', status: 200, body: 'cut-json' },
		'paginated past the match': json({ data: others, meta: { total: 900, limit: 100, offset: 0, has_more: true } }),
	};
	for (const [name, fault] of Object.entries(unreadable)) {
		table(name, {
			'changes nothing: the change is sent again': { ...sentAgain, lists: { always: fault }, lookups: 1 },
		});
	}
	table('for ever, with nothing but failures', {
		'leaves open whether the change is recorded, and says so': {
			posts: { always: { kind: 'reset', when: 'before' } },
			lists: { always: { kind: 'reset', when: 'before' } },
			attempts: [2, 6],
			exitCode: 5,
			records: 0,
			says: /NOT CONFIRMED, perhaps recorded: .*the connection broke \(ECONNRESET\)/,
		},
	});
});

suite('what may pass or comes too late', () => {
	const silent = passing({ kind: 'silence' }, { policy: patience });
	const lists: Record<string, Fault> = {
		'rate-limited': { kind: 'status', status: 429 },
		'failing with 500': { kind: 'status', status: 500 },
		slow: { kind: 'late', delayMs: tooLateMs },
		silent: { kind: 'silence' },
		reset: { kind: 'reset', when: 'before' },
		endless: { kind: 'endless', part: 'body' },
	};
	const rows = Object.entries(lists).flatMap(([name, fault]): [string, DeliveryRow][] => [
		[
			`a list that is ${name} is asked again for half of the budget, and then the change is sent again`,
			{
				posts: [{ kind: 'status', status: 503 }],
				lists: { always: fault },
				attempts: 2,
				exitCode: 0,
				records: 1,
				says: /^Recorded: /m,
				policy: patience,
			},
		],
		[
			`a list that is ${name} once is believed when it recovers`,
			{
				posts: [{ kind: 'reset', when: 'after' }],
				lists: [fault],
				attempts: 1,
				lookups: 2,
				exitCode: 0,
				records: 1,
				says: /^Already recorded: /m,
				policy: patience,
			},
		],
	]);
	table('with patience', {
		...Object.fromEntries(Object.entries(silent).map(([name, row]) => [`silence, ${name}`, row])),
		...recorded('silence', { kind: 'silence', recordsFirst: true }, { policy: patience }),
		...recorded('headers only', { kind: 'headers-only' }, { policy: patience }),
		...recorded('a late answer', { kind: 'late', delayMs: tooLateMs }, { policy: patience }),
		...Object.fromEntries(rows),
	});
});
