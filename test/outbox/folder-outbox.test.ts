import assert from 'node:assert/strict';
import {
	chmodSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	statSync,
	symlinkSync,
	writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, suite, test } from 'node:test';
import type { Change } from '../../src/change/change-schema.ts';
import type { Delivery } from '../../src/delivery/delivery.ts';
import { FolderOutbox } from '../../src/outbox/folder-outbox.ts';
import { type Claim, OutboxError } from '../../src/outbox/outbox.ts';

const cart: Change = {
	summary: 'Deployed shop @ 1a2b3c4d',
	environment: 'production',
	external_id: 'job:1',
	service_id: 'svc_cart',
};
const search: Change = { ...cart, service_id: 'svc_search' };
const noon = new Date('2026-11-02T12:00:00.000Z');
const later = new Date('2026-11-02T13:00:00.000Z');
const clock = { date: () => later.getTime() };

function deliver(change: Change, state: Delivery['state'], reason?: string): Delivery {
	return {
		change,
		state,
		id: undefined,
		url: undefined,
		attempts: 3,
		requestId: 'req_1',
		reason,
		isUncertain: false,
		hasTimedOut: false,
	};
}

suite('folder outbox', () => {
	let root: string;
	let folder: string;
	let outbox: FolderOutbox;
	const names = () => readdirSync(folder).sort();
	const read = (name: string | undefined) => JSON.parse(readFileSync(join(folder, String(name)), 'utf8'));
	const claim = async () => {
		const claimed = await outbox.claim();
		assert.ok(claimed);
		return claimed;
	};
	const replay = () => {
		const loaded = new FolderOutbox(folder, clock);
		assert.deepEqual(loaded.loadFolder(), []);
		return loaded;
	};

	beforeEach(() => {
		root = mkdtempSync(join(tmpdir(), 'alert24-'));
		folder = join(root, 'a', 'undelivered');
		outbox = new FolderOutbox(folder, clock);
	});
	afterEach(() => rmSync(root, { recursive: true }));

	test('stores a pending change in a file of its own that every user may read', async () => {
		assert.equal(await outbox.put({ change: cart, createdAt: noon }), 'stored');
		assert.equal(await outbox.put({ change: search, createdAt: noon }), 'stored');
		const [name, ...others] = names();
		assert.equal(others.length, 1);
		assert.deepEqual(
			[cart, search].map((change) => change.service_id).sort(),
			names()
				.map((file) => read(file).change.service_id)
				.sort(),
		);
		const { change: _, ...facts } = read(name);
		assert.deepEqual(facts, {
			format: 'alert24-notify undelivered change',
			version: 2,
			created_at: '2026-11-02T12:00:00.000Z',
			state: 'pending',
		});
		assert.equal(statSync(join(folder, String(name))).mode & 0o777, 0o644);
		assert.equal(statSync(folder).mode & 0o777, 0o755);
	});

	test('hands out a change once, removes it when it is recorded, and drops the result of a claim that ended', async () => {
		await outbox.put({ change: cart, createdAt: noon });
		const claimed = await claim();
		const { change, createdAt, isFirst } = claimed;
		assert.deepEqual({ change, createdAt, isFirst }, { change: cart, createdAt: noon, isFirst: true });
		assert.equal(await outbox.claim(), undefined);
		assert.equal(await outbox.finish(claimed, deliver(cart, 'recorded') as never), true);
		assert.deepEqual(names(), []);
		assert.equal(await outbox.postpone(claimed, deliver(cart, 'undelivered', 'late')), false);
		assert.deepEqual(names(), []);
	});

	test('keeps what was not delivered, with the reason and the sum of the attempts', async () => {
		await outbox.put({ change: cart, createdAt: noon });
		await outbox.postpone(await claim(), deliver(cart, 'undelivered', 'no answer'));
		outbox = replay();
		const again = await claim();
		assert.equal(again.isFirst, false);
		await outbox.finish(again, deliver(cart, 'refused', 'Alert24 answered 400') as never);
		assert.deepEqual(read(names()[0]), {
			format: 'alert24-notify undelivered change',
			version: 2,
			created_at: '2026-11-02T12:00:00.000Z',
			change: cart,
			state: 'refused',
			reason: 'Alert24 answered 400',
			attempts: 6,
			failed_at: '2026-11-02T13:00:00.000Z',
			request_id: 'req_1',
		});
	});

	test('replaces the file of the same deployment, and keeps the time of the first attempt', async () => {
		await outbox.put({ change: cart, createdAt: noon });
		const retry = { ...cart, description: 'second attempt' };
		outbox = new FolderOutbox(folder, clock);
		await outbox.put({ change: retry, createdAt: later });
		assert.equal(names().length, 1);
		const { change, createdAt, isFirst } = await claim();
		assert.deepEqual({ change, createdAt, isFirst }, { change: retry, createdAt: noon, isFirst: false });
	});

	test('keeps changes without an external_id apart unless they are equal', async () => {
		const { external_id: _, ...anonymous } = cart;
		for (const summary of ['one', 'two', 'one'])
			await outbox.put({ change: { ...anonymous, summary }, createdAt: noon });
		assert.equal(names().length, 2);
	});

	test('hands out the oldest change first, and two files with the same change one after the other', async () => {
		await outbox.put({ change: search, createdAt: later });
		await outbox.put({ change: cart, createdAt: noon });
		const file = names().find((name) => read(name).change.service_id === 'svc_cart');
		writeFileSync(join(folder, 'copy.json'), readFileSync(join(folder, String(file))));
		outbox = replay();
		const first = await claim();
		const second = await claim();
		assert.deepEqual([first.change, second.change], [cart, search]);
		assert.equal(await outbox.claim(), undefined);
		await outbox.finish(first, deliver(cart, 'recorded') as never);
		assert.deepEqual((await claim()).change, cart);
	});

	test('reports damaged and foreign files, leaves them, and hands out the others', async () => {
		await outbox.put({ change: cart, createdAt: noon });
		const [whole] = names();
		const content = readFileSync(join(folder, String(whole)), 'utf8');
		const files: Record<string, [content: string, flaw: string]> = {
			'cut.json': [content.slice(0, -20), 'is damaged: it is not JSON'],
			'foreign.json': ['{"name":"shop"}', 'is not an undelivered change'],
			'invalid.json': [content.replace('"summary"', '"sumary"'), 'is damaged: summary is required'],
			'newer.json': [
				content.replace('"version":2', '"version":3'),
				'has version 3, and this program reads versions up to 2: use a newer alert24-notify',
			],
			'stateless.json': [
				content.replace('"pending"', '"sent"'),
				'is damaged: state must be one of pending, undelivered, refused',
			],
			'timeless.json': [content.replace('"created_at"', '"at"'), 'is damaged: created_at must be a date in ISO 8601'],
		};
		for (const [name, [text]] of Object.entries(files)) writeFileSync(join(folder, name), text);
		symlinkSync('/nowhere', join(folder, 'link.json'));
		symlinkSync('/dev/zero', join(folder, 'zero.json'));
		const loaded = new FolderOutbox(folder, clock);
		const flaws = Object.fromEntries(
			loaded.loadFolder().map(({ path, flaw }) => [path.slice(folder.length + 1), flaw]),
		);
		const expected = Object.fromEntries(Object.entries(files).map(([name, [, flaw]]) => [name, flaw]));
		assert.deepEqual(flaws, { ...expected, 'zero.json': 'is not a regular file' });
		assert.deepEqual(
			loaded.waiting.map(({ change }) => change),
			[cart],
		);
		for (const [name, [text]] of Object.entries(files)) assert.equal(readFileSync(join(folder, name), 'utf8'), text);
	});

	test('loads the file that version 1.0.0 wrote, and removes from it only what is recorded', async () => {
		const path = join(root, 'alert24-undelivered.json');
		const entry = { state: 'undelivered', reason: 'no answer', attempts: 2, failed_at: '2026-10-01T00:00:00.000Z' };
		const document = (changes: object[]) => ({ format: 'alert24-notify undelivered changes', version: 1, changes });
		writeFileSync(
			path,
			JSON.stringify(
				document([
					{ change: cart, ...entry },
					{ change: search, ...entry },
				]),
			),
		);
		assert.equal(outbox.loadFile(path), undefined);
		const [one, two] = [await claim(), await claim()] as [Claim, Claim];
		assert.deepEqual(one.createdAt, new Date(entry.failed_at));
		await outbox.finish(one, deliver(cart, 'already recorded') as never);
		await outbox.postpone(two, deliver(search, 'undelivered', 'still no answer'));
		const left = {
			change: search,
			...entry,
			reason: 'still no answer',
			attempts: 5,
			failed_at: '2026-11-02T13:00:00.000Z',
			request_id: 'req_1',
			created_at: entry.failed_at,
		};
		assert.deepEqual(JSON.parse(readFileSync(path, 'utf8')), document([left]));
	});

	test('is empty if the folder does not exist, and rejects a folder that is a file', async () => {
		assert.deepEqual(outbox.loadFolder(), []);
		assert.equal(await outbox.claim(), undefined);
		const file = join(root, 'file');
		writeFileSync(file, '');
		outbox = new FolderOutbox(file, clock);
		assert.throws(() => outbox.loadFolder(), new OutboxError('cannot be read (ENOTDIR)'));
		await assert.rejects(outbox.put({ change: cart, createdAt: noon }), new OutboxError('cannot be written (EEXIST)'));
	});

	test('rejects the change if the folder cannot be written', {
		skip: process.getuid?.() === 0 && 'root may write anywhere',
	}, async () => {
		chmodSync(root, 0o555);
		await assert.rejects(outbox.put({ change: cart, createdAt: noon }), new OutboxError('cannot be written (EACCES)'));
		chmodSync(root, 0o755);
	});
});
