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
