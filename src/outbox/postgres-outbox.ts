import type { Pool, PoolClient } from 'pg';
import { ConfigurationError } from '../reported-error.ts';
import { OutboxError } from './outbox.ts';
import type { Row, SqlDatabase, Statement } from './sql-database.ts';
import { SqlOutbox } from './sql-outbox.ts';

// GitLab and Bitbucket wait 10 s for a response, and the relay promises 3 s.
const connectMs = 2000;
const queryMs = 2500;
const connections = 10;

/**
 * Opens the outbox in a PostgreSQL database, for any number of replicas, and creates its tables. Throws a
 * ConfigurationError if the database cannot be reached; the message has no password.
 */
export async function openPostgresOutbox(url: string, now?: () => number): Promise<SqlOutbox> {
	const { default: pg } = await import('pg');
	// Times and counts are far below 2^53.
	const types = { getTypeParser: (oid: number) => (oid === 20 ? Number : pg.types.getTypeParser(oid)) };
	const pool = new pg.Pool({
		connectionString: url,
		max: connections,
		// The statements of a transaction do not wait for each other's answers.
		pipeline: true,
		connectionTimeoutMillis: connectMs,
		query_timeout: queryMs,
		statement_timeout: queryMs,
		// A replica that was cut off in the middle of a transaction must not keep its locks.
		idle_in_transaction_session_timeout: queryMs,
		application_name: 'alert24-notify',
		types: types as typeof pg.types,
	});
	// A connection that breaks is replaced. Without a listener, a break between two queries would end the process.
	pool.on('error', () => undefined);
	pool.on('connect', (client) => client.on('error', () => undefined));
	const outbox = new SqlOutbox(new PostgresDatabase(pool), now);
	try {
		await outbox.prepare();
		return outbox;
	} catch (error) {
		await pool.end();
		if (!(error instanceof OutboxError)) throw error;
		throw new ConfigurationError([`the PostgreSQL database of ALERT24_RELAY_STORE ${error.message}`]);
	}
}

class PostgresDatabase implements SqlDatabase {
	readonly engine = 'postgres';
	readonly #pool: Pool;

	constructor(pool: Pool) {
		this.#pool = pool;
	}

	async run(statements: readonly Statement[]): Promise<Row[][]> {
		let client: PoolClient | undefined;
		let failure: Error | undefined;
		try {
			const connected = await this.#pool.connect();
			client = connected;
			const [single] = statements;
			if (single !== undefined && statements.length === 1) return [await execute(connected, single)];
			// After a failed statement, PostgreSQL rejects the others and turns the commit into a rollback.
			const all = [['begin'] as const, ...statements, ['commit'] as const];
			const results = await Promise.all(all.map((statement) => execute(connected, statement)));
			return results.slice(1, -1);
		} catch (error) {
			failure = error as Error;
			throw new OutboxError(`cannot be used (${describe(failure)})`, { cause: error });
		} finally {
			// A connection with a failed or unfinished transaction is closed, which rolls it back.
			client?.release(failure);
		}
	}

	close(): Promise<void> {
		return this.#pool.end();
	}
}

async function execute(client: PoolClient, [text, ...values]: Statement): Promise<Row[]> {
	const { rows } = await client.query<Row>(values.length === 0 ? { text } : { name: nameOf(text), text, values });
	return rows;
}

// A named statement is prepared once for each connection.
const names = new Map<string, string>();

function nameOf(text: string): string {
	const name = names.get(text) ?? `alert24_${names.size + 1}`;
	names.set(text, name);
	return name;
}

// An AggregateError of several addresses has no message of its own.
function describe(error: Error & { code?: string }): string {
	return error.message || error.code || error.name;
}
