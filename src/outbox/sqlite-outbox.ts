import { closeSync, openSync } from 'node:fs';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { describeFileError } from '../read-regular-file.ts';
import { ConfigurationError } from '../reported-error.ts';
import { quote } from '../text/visible-text.ts';
import { OutboxError } from './outbox.ts';
import { type Row, type SqlDatabase, SqlOutbox, type Statement } from './sql-outbox.ts';

/**
 * Opens the outbox in a SQLite file, which it creates. Only one process can use the file. Throws a ConfigurationError if this Node has no
 * SQLite, or if the file is damaged, in use, or cannot be read.
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
		// A commit is on the disk when it returns. A second process is rejected at once.
		database.exec('pragma locking_mode = exclusive; pragma journal_mode = wal; pragma synchronous = full');
		database.exec('begin immediate; commit');
		const check = database.prepare('pragma quick_check(1)').get();
		if (check?.['quick_check'] !== 'ok') throw new Error(`damaged: ${quote(check?.['quick_check'])}`);
		return new SqliteDatabase(database);
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

class SqliteDatabase implements SqlDatabase {
	readonly engine = 'sqlite';
	readonly #database: DatabaseSync;
	readonly #prepared = new Map<string, StatementSync>();

	constructor(database: DatabaseSync) {
		this.#database = database;
	}

	// Everything runs within one tick, so transactions never mix.
	async run(statements: readonly Statement[]): Promise<Row[][]> {
		try {
			const [single] = statements;
			if (single !== undefined && statements.length === 1) return [this.#execute(single)];
			this.#database.exec('begin immediate');
			try {
				const results = statements.map((statement) => this.#execute(statement));
				this.#database.exec('commit');
				return results;
			} catch (error) {
				if (this.#database.isTransaction) this.#database.exec('rollback');
				throw error;
			}
		} catch (error) {
			throw new OutboxError(`cannot be used (${(error as Error).message})`, { cause: error });
		}
	}

	async close(): Promise<void> {
		if (this.#database.isOpen) this.#database.close();
	}

	#execute([sql, ...values]: Statement): Row[] {
		let statement = this.#prepared.get(sql);
		if (statement === undefined) {
			statement = this.#database.prepare(sql);
			this.#prepared.set(sql, statement);
		}
		return statement.all(Object.fromEntries(values.map((value, index) => [`$${index + 1}`, value]))) as Row[];
	}
}
