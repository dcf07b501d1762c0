import { hash } from 'node:crypto';
import { buildOutboxKey } from './build-outbox-key.ts';
import type { NewEntry } from './outbox.ts';
import type { SqlDatabase, Statement } from './sql-database.ts';

/** A change on its way into the database, with what its owner wants to find with it. */
export type NewRow = NewEntry &
	Readonly<{
		details?: unknown;
		/** The id of the start without which the change does not count. Undefined: it counts. */
		waitsFor?: string | undefined;
	}>;

/** The start of a deployment: `id` is the beginning of its external_id. */
export type DeploymentStart = Readonly<{ id: string; startedAt: string | undefined }>;

/** The end of one change on its way into the database. */
export type Acceptance = 'stored' | 'duplicate';

type InsertedRow = Readonly<{ key: string; isCertain: boolean; values: readonly (string | number | null)[] }>;

/** An event on its way into the database. */
type Waiting = Readonly<{
	rows: readonly InsertedRow[];
	start: DeploymentStart | undefined;
	resolve(results: Acceptance[]): void;
	reject(error: unknown): void;
}>;

// An index of PostgreSQL stores at most 2704 bytes of an entry, and a character of this length has at most three.
const longestName = 500;

// Each number of rows is a statement of its own, which the database prepares once.
const mostRowsOfStatement = 32;

/**
 * Stores changes and starts of deployments. Events that wait at the same time share a transaction, because the wait for
 * the disk takes longer than everything else.
 */
export class AcceptanceQueue {
	readonly #database: SqlDatabase;
	readonly #now: () => number;
	readonly #lock: readonly Statement[];
	#waiting: Waiting[] = [];
	#isCommitting = false;

	constructor(database: SqlDatabase, now: () => number) {
		this.#database = database;
		this.#now = now;
		// Replicas store one after another. Otherwise an event could be visible before an earlier one of its lane, and
		// two replicas that store the same events in another order would block each other.
		this.#lock = database.engine === 'postgres' ? [['select pg_advisory_xact_lock(2402)']] : [];
	}

	/** Stores the changes of one event and the start of its deployment. See `SqlOutbox.accept`. */
	async accept(entries: readonly NewRow[], start: DeploymentStart | undefined): Promise<Acceptance[]> {
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

	async #commit(batch: readonly Waiting[]): Promise<void> {
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
	async #store(batch: readonly Waiting[]): Promise<Set<InsertedRow>> {
		const rows = chooseRows(batch.flatMap(({ rows: waiting }) => waiting));
		const inserts: Statement[] = [];
		for (let index = 0; index < rows.length; index += mostRowsOfStatement) {
			const part = rows.slice(index, index + mostRowsOfStatement);
			inserts.push([buildInsert(part.length), ...part.flatMap(({ values }) => values)]);
		}
		const starts = batch.flatMap(({ start }) => (start === undefined ? [] : [start]));
		const results = await this.#database.run([
			...this.#lock,
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

/** Returns a name as it is stored: a long one, such as an environment of thousands of characters, as its hash. */
export function shorten(name: string): string {
	return name.length <= longestName ? name : hash('sha256', name);
}

// PostgreSQL rejected a value, and its connection works (https://www.postgresql.org/docs/current/errcodes-appendix.html).
function isOfValue(error: unknown): boolean {
	const { cause } = error as Error;
	return /^(22|23|54)...$/.test(String((cause as { code?: unknown } | undefined)?.code));
}
