import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, openSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { OutboxError } from '../../src/outbox/outbox.ts';
import { openSqliteOutbox } from '../../src/outbox/sqlite-outbox.ts';
import { ConfigurationError } from '../../src/reported-error.ts';
import { buildEntry, describeOutbox } from './sql-outbox.ts';

const folder = mkdtempSync(join(tmpdir(), 'alert24-sqlite-'));
after(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;

function makePath(): string {
	files += 1;
	return join(folder, `${files}.sqlite`);
}

suite('the SQLite outbox', () => {
	describeOutbox(async (now) => openSqliteOutbox(makePath(), now), 10_000);

	test('keeps its changes, and releases after 15 s the leases of a process that ended', async () => {
		const path = makePath();
		let nowMs = 1_785_000_000_000;
		const now = () => nowMs;
		const first = await openSqliteOutbox(path, now);
		await first.put(buildEntry(1));
		await first.put(buildEntry(2));
		await first.claim(3_600_000);
		await first.end();
		const second = await openSqliteOutbox(path, now);
		const claims = [await second.claim(1000), await second.claim(1000)];
		nowMs += 15_000;
		claims.push(await second.claim(1000));
		assert.deepEqual(
			claims.map((claim) => [claim?.change.external_id, claim?.isFirst]),
			[
				['gitlab:2', true],
				[undefined, undefined],
				['gitlab:1', false],
			],
		);
		await second.end();
	});

	test('creates a file that nobody else can read', async () => {
		const path = makePath();
		await (await openSqliteOutbox(path)).end();
		assert.equal(statSync(path).mode & 0o777, 0o600);
	});

	test('rejects a second process on the same file at once', async () => {
		const path = makePath();
		const outbox = await openSqliteOutbox(path);
		const script = `import { openSqliteOutbox } from ${JSON.stringify(fileURLToPath(new URL('../../src/outbox/sqlite-outbox.ts', import.meta.url)))};
			await openSqliteOutbox(${JSON.stringify(path)}).then(() => console.log('opened'), (error) => console.log(error.message));`;
		const output = execFileSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
			encoding: 'utf8',
		});
		assert.match(output, /is in use by another process: stop that relay first, or use PostgreSQL for several replicas/);
		await outbox.put(buildEntry(1));
		await outbox.end();
	});

	test('reports a damaged file and does not touch it', async () => {
		const garbage = makePath();
		writeFileSync(garbage, 'this is not a database, and it is long enough to have a header '.repeat(100));
		await assert.rejects(openSqliteOutbox(garbage), (error) => {
			assert.ok(error instanceof ConfigurationError);
			assert.match(error.message, /cannot be used \(file is not a database\): move it away/);
			return true;
		});

		const overwritten = makePath();
		const outbox = await openSqliteOutbox(overwritten);
		await outbox.accept(
			Array.from({ length: 200 }, (_, number) => buildEntry(number)),
			undefined,
		);
		await outbox.end();
		const file = openSync(overwritten, 'r+');
		writeSync(file, Buffer.alloc(8192, 0x5a), 0, 8192, 8192);
		await assert.rejects(openSqliteOutbox(overwritten), /damaged|malformed/);
	});

	test('reports a folder that does not exist', async () => {
		await assert.rejects(
			openSqliteOutbox(join(folder, 'missing', 'x.sqlite')),
			/cannot be written \(ENOENT\): set ALERT24_RELAY_STORE/,
		);
	});

	const canMount = process.platform === 'linux' && process.getuid?.() === 0;
	test('rejects changes while the disk is full, loses none, and goes on when there is space', {
		skip: !canMount && 'needs root, to mount a small tmpfs',
	}, async () => {
		const mount = mkdtempSync(join(tmpdir(), 'alert24-full-'));
		assert.equal(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', mount]).status, 0, 'mount failed');
		try {
			const outbox = await openSqliteOutbox(join(mount, 'relay.sqlite'));
			const filler = join(mount, 'filler');
			const stored: string[] = [];
			let number = 0;
			const put = async () => {
				number += 1;
				const entry = buildEntry(number);
				await outbox.put({ ...entry, change: { ...entry.change, commit_message: 'x'.repeat(5000) } });
				stored.push(`gitlab:${number}`);
			};
			await assert.rejects(async () => {
				for (;;) await put();
			}, OutboxError);
			assert.ok(stored.length > 10, `stored ${stored.length}`);
			await assert.rejects(outbox.checkWritable(), OutboxError).catch(() => appendFileSync(filler, ''));
			const claim = await outbox.claim(1000).catch(() => undefined);
			// Space again: the write-ahead log can be emptied on a larger disk.
			assert.equal(spawnSync('mount', ['-o', 'remount,size=8m', mount]).status, 0);
			if (claim !== undefined) await outbox.postpone(claim, { reason: 'full' }, new Date(0));
			await put();
			const listed = await outbox.list();
			assert.deepEqual(
				listed.map(({ change }) => change.external_id),
				stored,
			);
			await outbox.end();
		} finally {
			spawnSync('umount', [mount]);
			rmSync(mount, { recursive: true, force: true });
		}
	});
});
