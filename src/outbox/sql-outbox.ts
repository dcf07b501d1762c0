import { randomUUID } from 'node:crypto';
import type { Change } from '../change/change-schema.ts';
import type { Delivery } from '../delivery/delivery.ts';
import { makeVisible } from '../text/visible-text.ts';
import { type Acceptance, AcceptanceQueue, type DeploymentStart, type NewRow, shorten } from './acceptance-queue.ts';
import type { Claim, FinishedDelivery, Outbox } from './outbox.ts';
import type { Row, SqlDatabase, Statement } from './sql-database.ts';

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

/** The outbox of the relay: one table of changes and one of deployments, by the same SQL on both engines. */
export class SqlOutbox implements Outbox {
	readonly #database: SqlDatabase;
	readonly #now: () => number;
	readonly #claimSql: string;
	readonly #queue: AcceptanceQueue;

	constructor(database: SqlDatabase, now: () => number = Date.now) {
		this.#database = database;
		this.#now = now;
		this.#queue = new AcceptanceQueue(database, now);
		// SQLite has one writer. In PostgreSQL, another replica may look at the same row at the same time.
		const isPostgres = database.engine === 'postgres';
		const lock = isPostgres ? 'for update skip locked' : '';
		// Ordered by receipt, never by due time: an interrupted change would else queue behind the backlog.
		this.#claimSql = `update change set lease = $1, attempts = attempts + 1, due_at = $2 where seq = (
			select c.seq from change c where (c.due_at <= $3 or c.due_at > $4) and not exists
				(select 1 from change o where o.lane = c.lane and o.due_at is not null and o.seq < c.seq)
			order by c.seq limit 1 ${lock}) returning *`;
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

	async put(entry: NewRow): Promise<Acceptance> {
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
	accept(entries: readonly NewRow[], start: DeploymentStart | undefined): Promise<Acceptance[]> {
		return this.#queue.accept(entries, start);
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

// PostgreSQL rejects a text with a NUL.
function toText(text: string | undefined): string | null {
	return text === undefined ? null : makeVisible(text);
}

function readBody(row: Row): { change: Change; created_at: number; details: unknown } {
	return JSON.parse(String(row['body'])) as { change: Change; created_at: number; details: unknown };
}

function readOptional(value: unknown): string | undefined {
	return typeof value === 'string' ? value : undefined;
}
