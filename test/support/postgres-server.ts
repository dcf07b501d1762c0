import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

// PostgreSQL refuses to run as root.
const nobody = 65_534;
const asNobody = process.getuid?.() === 0 ? { uid: nobody, gid: nobody } : {};

export type PostgresServer = Readonly<{
	/** The URL of an empty database, new with each call. */
	createDatabase(): Promise<string>;
	/** Stops the server and closes its connections; `start` starts it again. */
	stop(): Promise<void>;
	start(): Promise<void>;
	[Symbol.asyncDispose](): Promise<void>;
}>;

/** The folder with PostgreSQL's programs, of Debian's package `postgresql`; undefined if it is not installed. */
export function findPostgres(): string | undefined {
	const versions = existsSync('/usr/lib/postgresql') ? readdirSync('/usr/lib/postgresql') : [];
	const folders = versions.map((version) => `/usr/lib/postgresql/${version}/bin`);
	const found = [...folders, ...(process.env['PATH'] ?? '').split(':')].find((folder) =>
		existsSync(join(folder, 'initdb')),
	);
	if (found === undefined && process.env['CI'] === 'true')
		throw new Error('PostgreSQL is not installed, and CI is true');
	return found;
}

/** Starts a PostgreSQL server on a free loopback port, with its data in a temporary folder, as an unprivileged user. */
export async function startPostgres(programs: string): Promise<PostgresServer> {
	const folder = mkdtempSync(join(tmpdir(), 'alert24-postgres-'));
	if (asNobody.uid !== undefined) chownSync(folder, asNobody.uid, asNobody.gid);
	const data = join(folder, 'data');
	const options = { ...asNobody, cwd: folder, stdio: 'ignore' as const };
	execFileSync(
		join(programs, 'initdb'),
		['-D', data, '-U', 'relay', '-A', 'trust', '-E', 'UTF8', '--no-sync'],
		options,
	);
	const port = await findFreePort();
	const base = `postgres://relay@127.0.0.1:${port}`;
	let child: ChildProcess | undefined;
	let databases = 0;
	const start = async () => {
		child = spawn(
			join(programs, 'postgres'),
			['-D', data, '-h', '127.0.0.1', '-p', String(port), '-k', folder],
			options,
		);
		await waitForServer(`${base}/postgres`);
	};
	const stop = async () => {
		if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
		child.kill('SIGINT');
		await once(child, 'exit');
	};
	await start();
	return {
		createDatabase: async () => {
			databases += 1;
			const name = `relay_${databases}`;
			await query(`${base}/postgres`, `create database ${name}`);
			return `${base}/${name}`;
		},
		stop,
		start,
		[Symbol.asyncDispose]: async () => {
			await stop();
			rmSync(folder, { recursive: true, force: true });
		},
	};
}

async function waitForServer(url: string): Promise<void> {
	const deadline = performance.now() + 20_000;
	for (;;) {
		try {
			await query(url, 'select 1');
			return;
		} catch (error) {
			if (performance.now() > deadline) throw error;
			await wait(50);
		}
	}
}

async function query(url: string, sql: string): Promise<void> {
	const { default: pg } = await import('pg');
	const client = new pg.Client({ connectionString: url });
	await client.connect();
	try {
		await client.query(sql);
	} finally {
		await client.end();
	}
}

async function findFreePort(): Promise<number> {
	const server = createServer();
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	const address = server.address();
	server.close();
	await once(server, 'close');
	if (address === null || typeof address === 'string') throw new Error('no port');
	return address.port;
}
