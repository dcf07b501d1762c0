import { hash, randomUUID } from 'node:crypto';
import type { Change } from '../change/change-schema.ts';
import type { Delivery } from '../delivery/delivery.ts';
import { makeVisible } from '../text/visible-text.ts';
import { buildOutboxKey } from './build-outbox-key.ts';
import type { Claim, FinishedDelivery, NewEntry, Outbox } from './outbox.ts';

/** A statement with its values for `$1`, `$2` …. */
export type Statement = readonly [sql: string, ...values: (string | number | null)[]];

export type Row = Readonly<Record<string, unknown>>;

/** A database that runs the statements of `SqlOutbox`: SQLite or PostgreSQL. */
export interface SqlDatabase {
	readonly engine: 'sqlite' | 'postgres';
	/**
	 * Runs the statements in one transaction and returns the rows of each. The transaction is durable when the promise
	 * resolves. Rejects with an `OutboxError` if the database cannot be read or written.
	 */
	run(statements: readonly Statement[]): Promise<Row[][]>;
	close(): Promise<void>;
}

/** A change on its way into the database, with what its owner wants to find with it. */
export type NewRow = NewEntry &
	Readonly<{
		details?: unknown;
		/** The id of the start without which the change does not count. Undefined: it counts. */
		waitsFor?: string | undefined;
	}>;

/** The start of a deployment: `id` is the beginning of its external_id. */
export type DeploymentStart = Readonly<{ id: string; startedAt: string | undefined }>;

export type SqlClaim = Claim &
	Readonly<{
		details: unknown;
		/** The claims so far, this one included. */
		attempts: number;
		/** The id of a start: the owner decides if the change counts, then calls `confirmStart` or `close`. */
		waitsFor: string | undefined;
		/** When the relay received the event, in milliseconds since 1970. */
		receivedAtMs: number;
	}>;

/** A change in the database, for people. */
export type StoredChange = Readonly<{
	key: string;
	change: Change;
	state: 'pending' | 'refused';
	/** True while it is not known if the deployment ran. */
	isUndecided: boolean;
	reason: string | undefined;
	attempts: number;
	createdAt: Date;
	receivedAt: Date;
}>;

export type OutboxCounts = Readonly<{ pending: number; refused: number; oldestPendingAtMs: number | undefined }>;

// Further ahead than any lease, hold or pause: the clock was set back, and the change is due.
const farAheadMs = 15 * 60 * 1000;

// From the end of a process to the next attempt to send the changes that it was sending.
const settleMs = 15_000;

type Result = 'stored' | 'duplicate';

type InsertedRow = Readonly<{ key: string; isCertain: boolean; values: readonly (string | number | null)[] }>;

/** An event on its way into the database. */
type Acceptance = Readonly<{
	rows: readonly InsertedRow[];
	start: DeploymentStart | undefined;
	resolve(results: Result[]): void;
	reject(error: unknown): void;
}>;

// An index of PostgreSQL stores at most 2704 bytes of an entry, and a character of this length has at most three.
const longestName = 500;

// Each number of rows is a statement of its own, which the database prepares once.
const mostRowsOfStatement = 32;

/** The outbox of the relay: one table of changes and one of deployments, by the same SQL on both engines. */
export class SqlOutbox implements Outbox {
	readonly #database: SqlDatabase;
	readonly #now: () => number;
	readonly #claimSql: string;
	readonly #acceptanceLock: readonly Statement[];
	#waiting: Acceptance[] = [];
	#isCommitting = false;

	constructor(database: SqlDatabase, now: () => number = Date.now) {
		this.#database = database;
		this.#now = now;
		// SQLite has one writer. In PostgreSQL, another replica may look at the same row at the same time.
		const isPostgres = database.engine === 'postgres';
		const lock = isPostgres ? 'for update skip locked' : '';
		// Ordered by receipt, never by due time: an interrupted change would else queue behind the backlog.
		this.#claimSql = `update change set lease = $1, attempts = attempts + 1, due_at = $2 where seq = (
			select c.seq from change c where (c.due_at <= $3 or c.due_at > $4) and not exists
				(select 1 from change o where o.lane = c.lane and o.due_at is not null and o.seq < c.seq)
			order by c.seq limit 1 ${lock}) returning *`;
		// Replicas store one after another. Otherwise an event could be visible before an earlier one of its lane, and
		// two replicas that store the same events in another order would block each other.
		this.#acceptanceLock = isPostgres ? [['select pg_advisory_xact_lock(2402)']] : [];
	}

	/** Creates the tables that are missing. */
	async prepare(): Promise<void> {
		const isPostgres = this.#database.engine === 'postgres';
		const identity = isPostgres
			? 'bigint generated always as identity primary key'
			: 'integer primary key autoincrement';
		// Two replicas may start at the same time.
		const lock: Statement[] = isPostgres ? [['select pg_advisory_xact_lock(2401)']] : [];
		await this.#database.run([
			...lock,
			[
				`create table if not exists change (seq ${identity}, key text not null unique, lane text not null,
					body text not null, received_at bigint not null, due_at bigint, attempts integer not null default 0,
					lease text, outcome text, reason text, waits_for text)`,
			],
			['create index if not exists change_lane on change (lane, seq) where due_at is not null'],
			['create index if not exists change_waiting on change (seq) where due_at is not null'],
			["create index if not exists change_refused on change (seq) where outcome = 'refused'"],
			['create index if not exists change_waits_for on change (waits_for) where waits_for is not null'],
			['create table if not exists deployment (id text primary key, started_at text, seen_at bigint not null)'],
		]);
		// Nobody else uses a SQLite file, so its leases are those of a process that ended. Alert24 may still process its
		// requests.
		if (!isPostgres) {
			await this.#database.run([
				[
					'update change set due_at = $1, lease = null where lease is not null and due_at is not null',
					this.#now() + settleMs,
				],
			]);
		}
	}

	async put(entry: NewRow): Promise<Result> {
		const [result = 'stored'] = await this.accept([entry], undefined);
		return result;
	}

	/**
	 * Stores the changes of one event and the start of its deployment, in one transaction. The result is in the order
	 * of the entries. Events that wait at the same time share a transaction, because the wait for the disk takes longer
	 * than everything else.
	 *
	 * A change takes the place of an equal one that never started. One that counts also takes the place of an equal one
	 * that waits for its start; a worker that claimed that one loses its lease.
	 */
	async accept(entries: readonly NewRow[], start: DeploymentStart | undefined): Promise<Result[]> {
		const now = this.#now();
		const rows = entries.map(({ change, createdAt, lane, dueAt, details, waitsFor }) => {
			const key = buildOutboxKey(change);
			const body = JSON.stringify({ change, created_at: createdAt.getTime(), details });
			const name = shorten(lane ?? key);
			const start = waitsFor === undefined ? null : shorten(waitsFor);
			const values = [key, name, body, now, dueAt?.getTime() ?? now, start];
			return { key, isCertain: waitsFor === undefined, values };
		});
		return await new Promise((resolve, reject) => {
			this.#waiting.push({ rows, start, resolve, reject });
			if (!this.#isCommitting) void this.#commitWaiting();
		});
	}

	async #commitWaiting(): Promise<void> {
		this.#isCommitting = true;
		while (this.#waiting.length > 0) {
			const batch = this.#waiting;
			this.#waiting = [];
			await this.#commit(batch);
		}
		this.#isCommitting = false;
	}

	async #commit(batch: readonly Acceptance[]): Promise<void> {
		try {
			const stored = await this.#store(batch);
			for (const { rows, resolve } of batch) resolve(rows.map((row) => (stored.has(row) ? 'stored' : 'duplicate')));
		} catch (error) {
			// An event that the database rejects is rejected alone.
			if (batch.length > 1 && isOfValue(error)) for (const one of batch) await this.#commit([one]);
			else for (const { reject } of batch) reject(error);
		}
	}

	/** Returns the rows that are now in the database. */
	async #store(batch: readonly Acceptance[]): Promise<Set<InsertedRow>> {
		const rows = chooseRows(batch.flatMap((acceptance) => acceptance.rows));
		const inserts: Statement[] = [];
		for (let index = 0; index < rows.length; index += mostRowsOfStatement) {
			const part = rows.slice(index, index + mostRowsOfStatement);
			inserts.push([buildInsert(part.length), ...part.flatMap(({ values }) => values)]);
		}
		const starts = batch.flatMap(({ start }) => (start === undefined ? [] : [start]));
		const results = await this.#database.run([
			...this.#acceptanceLock,
			...inserts,
			...starts.map((start) => this.#buildStart(start)),
		]);
		const keys = new Set(results.flat().map(({ key }) => key));
		return new Set(rows.filter(({ key }) => keys.has(key)));
	}

	#buildStart({ id, startedAt }: DeploymentStart): Statement {
		return [
			'insert into deployment (id, started_at, seen_at) values ($1, $2, $3) on conflict (id) do nothing',
			shorten(id),
			startedAt ?? null,
			this.#now(),
		];
	}

	async claim(leaseMs: number): Promise<SqlClaim | undefined> {
		const lease = randomUUID();
		const now = this.#now();
		const [rows = []] = await this.#database.run([[this.#claimSql, lease, now + leaseMs, now, now + farAheadMs]]);
		const [row] = rows;
		if (row === undefined) return undefined;
		const body = readBody(row);
		return {
			key: String(row['key']),
			lease,
			change: body.change,
			createdAt: new Date(body.created_at),
			isFirst: Number(row['attempts']) === 1,
			attempts: Number(row['attempts']),
			details: body.details,
			waitsFor: readOptional(row['waits_for']),
			receivedAtMs: Number(row['received_at']),
		};
	}

	finish(claim: Claim, delivery: FinishedDelivery): Promise<boolean> {
		return this.close(claim, delivery.state, delivery.reason ?? delivery.id);
	}

	/** Ends a claim for good with any outcome, such as `never started`. */
	async close({ key, lease }: Claim, outcome: string, reason: string | undefined): Promise<boolean> {
		const [rows = []] = await this.#database.run([
			[
				`update change set due_at = null, lease = null, outcome = $3, reason = $4
					where key = $1 and lease = $2 returning seq`,
				key,
				lease,
				outcome,
				toText(reason),
			],
		]);
		return rows.length === 1;
	}

	/**
	 * Notes that the deployment of a claim ran, so that the change is decided for good. Resolves to false if the lease
	 * was lost.
	 */
	async confirmStart({ key, lease }: Claim): Promise<boolean> {
		const [rows = []] = await this.#database.run([
			['update change set waits_for = null where key = $1 and lease = $2 returning seq', key, lease],
		]);
		return rows.length === 1;
	}

	postpone(claim: Claim, { reason }: Pick<Delivery, 'reason'>, dueAt: Date): Promise<boolean> {
		return this.#release(claim, reason, dueAt, null);
	}

	/** Like `postpone`, and takes the change out of its lane, so that it holds back no other. */
	setAside(claim: Claim, reason: string, dueAt: Date): Promise<boolean> {
		return this.#release(claim, reason, dueAt, claim.key);
	}

	async #release({ key, lease }: Claim, reason: string | undefined, dueAt: Date, lane: string | null) {
		const [rows = []] = await this.#database.run([
			[
				`update change set due_at = $3, lease = null, reason = $4, lane = coalesce($5, lane)
					where key = $1 and lease = $2 returning seq`,
				key,
				lease,
				dueAt.getTime(),
				toText(reason),
				lane,
			],
		]);
		return rows.length === 1;
	}

	/** Returns the start of a deployment that an earlier event reported; undefined if none did. */
	async findStart(id: string): Promise<DeploymentStart | undefined> {
		const [rows = []] = await this.#database.run([['select started_at from deployment where id = $1', shorten(id)]]);
		const [row] = rows;
		return row && { id, startedAt: readOptional(row['started_at']) };
	}

	async count(): Promise<OutboxCounts> {
		const [waiting = [], refused = []] = await this.#database.run([
			['select count(*) as pending, min(received_at) as oldest from change where due_at is not null'],
			["select count(*) as refused from change where outcome = 'refused'"],
		]);
		const oldest = waiting[0]?.['oldest'];
		return {
			pending: Number(waiting[0]?.['pending'] ?? 0),
			refused: Number(refused[0]?.['refused'] ?? 0),
			oldestPendingAtMs: oldest === null || oldest === undefined ? undefined : Number(oldest),
		};
	}

	/** Returns the changes that wait and those that Alert24 refused, in the order of receipt. */
	async list(): Promise<StoredChange[]> {
		const [rows = []] = await this.#database.run([
			["select * from change where due_at is not null or outcome = 'refused' order by seq"],
		]);
		return rows.map((row) => {
			const body = readBody(row);
			return {
				key: String(row['key']),
				change: body.change,
				state: row['due_at'] === null ? 'refused' : 'pending',
				isUndecided: row['waits_for'] !== null,
				reason: readOptional(row['reason']),
				attempts: Number(row['attempts']),
				createdAt: new Date(body.created_at),
				receivedAt: new Date(Number(row['received_at'])),
			};
		});
	}

	/** Makes the refused changes due again, and returns their number. */
	async retryRefused(): Promise<number> {
		const [rows = []] = await this.#database.run([
			["update change set due_at = $1, outcome = null where outcome = 'refused' returning seq", this.#now()],
		]);
		return rows.length;
	}

	/**
	 * Deletes finished changes and starts of deployments that were received before a time. Refused changes stay, and
	 * starts for which a change waits.
	 */
	async prune(before: Date): Promise<void> {
		await this.#database.run([
			[
				"delete from change where due_at is null and (outcome is null or outcome <> 'refused') and received_at < $1",
				before.getTime(),
			],
			[
				`delete from deployment where seen_at < $1
					and not exists (select 1 from change c where c.waits_for = deployment.id)`,
				before.getTime(),
			],
		]);
	}

	/** Writes and discards one row. Rejects with an `OutboxError` if the store cannot be written. */
	async checkWritable(): Promise<void> {
		await this.#database.run([
			[
				"insert into deployment (id, seen_at) values ('check', $1) on conflict (id) do update set seen_at = $1",
				this.#now(),
			],
		]);
	}

	/** Closes the database. Leases that are still held end by themselves. */
	end(): Promise<void> {
		return this.#database.close();
	}
}

// One statement must not meet a key twice. Of equal changes, the first that counts is stored, or else the first.
function chooseRows(rows: readonly InsertedRow[]): InsertedRow[] {
	const chosen = new Map<string, InsertedRow>();
	for (const row of rows) {
		const other = chosen.get(row.key);
		if (other === undefined || (row.isCertain && !other.isCertain)) chosen.set(row.key, row);
	}
	return [...chosen.values()];
}

function buildInsert(count: number): string {
	const rows = Array.from(
		{ length: count },
		(_, row) => `(${[1, 2, 3, 4, 5, 6].map((column) => `$${row * 6 + column}`)})`,
	);
	return `insert into change (key, lane, body, received_at, due_at, waits_for) values ${rows}
		on conflict (key) do update set lane = excluded.lane, body = excluded.body, received_at = excluded.received_at,
			due_at = excluded.due_at, waits_for = excluded.waits_for, attempts = 0, lease = null, outcome = null, reason = null
		where change.outcome = 'never started' or (change.waits_for is not null and excluded.waits_for is null)
		returning key`;
}

// A long name, such as that of an environment of thousands of characters, is stored as its hash.
function shorten(name: string): string {
	return name.length <= longestName ? name : hash('sha256', name);
}

// PostgreSQL rejects a text with a NUL.
function toText(text: string | undefined): string | null {
	return text === undefined ? null : makeVisible(text);
}

// PostgreSQL rejected a value, and its connection works (https://www.postgresql.org/docs/current/errcodes-appendix.html).
function isOfValue(error: unknown): boolean {
	const { cause } = error as Error;
	return /^(22|23|54)...$/.test(String((cause as { code?: unknown } | undefined)?.code));
}

function readBody(row: Row): { change: Change; created_at: number; details: unknown } {
	return JSON.parse(String(row['body'])) as { change: Change; created_at: number; details: unknown };
}

function readOptional(value: unknown): string | undefined {
	return typeof value === 'string' ? value : undefined;
}
