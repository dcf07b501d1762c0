import { closeSync, openSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { setImmediate } from 'node:timers/promises';
import { describeFileError } from '../read-regular-file.ts';
import { ConfigurationError } from '../reported-error.ts';
import { quote } from '../text/visible-text.ts';
import { OutboxError } from './outbox.ts';
import type { Row, SqlDatabase, Statement } from './sql-database.ts';
import { SqlOutbox } from './sql-outbox.ts';

/**
 * Opens the outbox in a SQLite file, which it creates. Only one process can use the file. Throws a ConfigurationError
 * if this Node has no SQLite, or if the file is damaged, in use, or cannot be read.
 */
export async function openSqliteOutbox(path: string, now?: () => number): Promise<SqlOutbox> {
	const database = await openDatabase(path);
	try {
		const outbox = new SqlOutbox(database, now);
		await outbox.prepare();
		return outbox;
	} catch (error) {
		await database.close();
		throw error instanceof OutboxError ? new ConfigurationError([`the store ${quote(path)} ${error.message}`]) : error;
	}
}

async function openDatabase(path: string): Promise<SqliteDatabase> {
	const sqlite = await import('node:sqlite').catch(() => {
		throw new ConfigurationError([
			`this Node (${process.version}) has no SQLite: use Node 22.13 or newer, or a PostgreSQL store (ALERT24_RELAY_STORE=postgres://…)`,
		]);
	});
	try {
		// The changes hold commit messages: nobody else should read them.
		closeSync(openSync(path, 'a', 0o600));
	} catch (error) {
		throw new ConfigurationError([
			`the store ${quote(path)} cannot be written (${describeFileError(error)}): set ALERT24_RELAY_STORE to a file in a folder that this user can write`,
		]);
	}
	let database: DatabaseSync | undefined;
	try {
		database = new sqlite.DatabaseSync(path);
		// A second process is rejected at once. `normal` syncs at each checkpoint; `SqliteDatabase` syncs after each
		// commit.
		database.exec('pragma locking_mode = exclusive; pragma journal_mode = wal; pragma synchronous = normal');
		// 16 MB of log before a checkpoint, which waits for the disk: it writes a page once that many changes have
		// touched.
		database.exec('pragma wal_autocheckpoint = 4000');
		database.exec('begin immediate; commit');
		const check = database.prepare('pragma quick_check(1)').get();
		if (check?.['quick_check'] !== 'ok') throw new Error(`damaged: ${quote(check?.['quick_check'])}`);
		return new SqliteDatabase(database, await open(`${path}-wal`, 'r+'));
	} catch (error) {
		database?.close();
		throw new ConfigurationError([`the store ${quote(path)} ${describeOpenError(error)}`]);
	}
}

function describeOpenError(error: unknown): string {
	const { errcode, message } = error as Error & { errcode?: number };
	// SQLITE_BUSY
	if (errcode === 5)
		return 'is in use by another process: stop that relay first, or use PostgreSQL for several replicas';
	return `cannot be used (${message}): move it away to start with an empty store, or restore it from a backup`;
}

type Work = Readonly<{
	statements: readonly Statement[];
	resolve(results: Row[][]): void;
	reject(error: unknown): void;
}>;

class SqliteDatabase implements SqlDatabase {
	readonly engine = 'sqlite';
	readonly #database: DatabaseSync;
	readonly #log: FileHandle;
	readonly #prepared = new Map<string, Readonly<{ statement: StatementSync; order: readonly number[] }>>();
	#queue: Work[] = [];
	#working: Promise<void> | undefined;

	/** `log` is the write-ahead log of the database. */
	constructor(database: DatabaseSync, log: FileHandle) {
		this.#database = database;
		this.#log = log;
	}

	run(statements: readonly Statement[]): Promise<Row[][]> {
		return new Promise((resolve, reject) => {
			this.#queue.push({ statements, resolve, reject });
			this.#working ??= this.#work();
		});
	}

	async close(): Promise<void> {
		await this.#working;
		if (this.#database.isOpen) this.#database.close();
		await this.#log.close();
	}

	// Work that arrives during a commit shares the next one, as in PostgreSQL: to wait for the disk takes longer than
	// everything else.
	async #work(): Promise<void> {
		while (this.#queue.length > 0) {
			await setImmediate();
			const queue = this.#queue;
			this.#queue = [];
			try {
				const ends = this.#commit(queue);
				// SQLite's `synchronous = full` is this sync (https://www.sqlite.org/pragma.html#pragma_synchronous),
				// but nothing else could run in the meantime. A slow disk would stop the reception of events.
				await this.#log.datasync();
				for (const end of ends) end();
			} catch (error) {
				for (const { reject } of queue) reject(describeError(error));
			}
		}
		this.#working = undefined;
	}

	/** Returns the calls that end each work. */
	#commit(queue: readonly Work[]): (() => void)[] {
		try {
			this.#database.exec('begin immediate');
			const ends = queue.map((work) => this.#attempt(work));
			this.#database.exec('commit');
			return ends;
		} catch (error) {
			if (this.#database.isOpen && this.#database.isTransaction) this.#database.exec('rollback');
			throw error;
		}
	}

	/**
	 * Runs one work, so that its failure undoes nothing of the others. Returns the call that ends it after the commit.
	 */
	#attempt({ statements, resolve, reject }: Work): () => void {
		this.#database.exec('savepoint work');
		try {
			const results = statements.map((statement) => this.#execute(statement));
			this.#database.exec('release work');
			return () => resolve(results);
		} catch (error) {
			// A full disk ends the whole transaction.
			if (!this.#database.isTransaction) throw error;
			this.#database.exec('rollback to work; release work');
			return () => reject(describeError(error));
		}
	}

	#execute([sql, ...values]: Statement): Row[] {
		let prepared = this.#prepared.get(sql);
		if (prepared === undefined) {
			// SQLite finds a parameter with a name by a search, which takes long in an insert of many rows.
			const order = [...sql.matchAll(/\$(\d+)/g)].map(([, number]) => Number(number) - 1);
			prepared = { statement: this.#database.prepare(sql.replace(/\$\d+/g, '?')), order };
			this.#prepared.set(sql, prepared);
		}
		return prepared.statement.all(...prepared.order.map((index) => values[index] ?? null)) as Row[];
	}
}

function describeError(error: unknown): OutboxError {
	return new OutboxError(`cannot be used (${(error as Error).message})`, { cause: error });
}
