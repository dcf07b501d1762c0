import assert from 'node:assert/strict';
import {
	existsSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	rmSync,
	statSync,
	symlinkSync,
	writeFileSync,
} from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import fc from 'fast-check';
import { dropTwins } from '../../src/outbox/drop-twins.ts';
import {
	buildUndeliveredDocument,
	readUndeliveredFile,
	rewriteUndeliveredFile,
	type UndeliveredChange,
} from '../../src/outbox/undelivered-file.ts';
import { startAlert24 } from '../../stand-in/alert24-stand-in.ts';
import { tryDelivery } from '../support/delivery-trial.ts';

const directory = await mkdtemp(join(tmpdir(), 'alert24-undelivered-'));
after(() => rmSync(directory, { recursive: true }));

const entry: UndeliveredChange = {
	change: { summary: 'Deployed shop', environment: 'production', external_id: 'gitlab:1' },
	state: 'undelivered',
	reason: 'Alert24 answered 503',
	attempts: 3,
	failed_at: '2026-11-21T12:00:00.000Z',
	request_id: 'req_1',
};

function entryOf(externalId: string): UndeliveredChange {
	return { ...entry, change: { ...entry.change, external_id: externalId } };
}

suite('the file of undelivered changes', () => {
	test('gives back what was written, whatever the texts', () => {
		const path = join(directory, 'any.json');
		const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 50 }).filter((value) => value.trim() !== '');
		fc.assert(
			fc.property(fc.array(fc.tuple(text, text), { maxLength: 5 }), (texts) => {
				const changes = texts.map(([summary, reason]) => ({ ...entry, reason, change: { ...entry.change, summary } }));
				rewriteUndeliveredFile(path, () => changes);
				assert.deepEqual(readUndeliveredFile(path), changes);
			}),
			{ numRuns: 50 },
		);
	});

	test('is readable by its owner alone, and nothing else is left beside it', () => {
		const place = join(directory, 'alone');
		mkdirSync(place);
		const path = join(place, 'x.json');
		writeFileSync(path, JSON.stringify(buildUndeliveredDocument([])), { mode: 0o644 });
		rewriteUndeliveredFile(path, () => [entry]);
		assert.equal(statSync(path).mode & 0o777, 0o600);
		assert.deepEqual(readdirSync(place), ['x.json']);
	});

	test('is put in the place of the old one as a whole: who has the old one open reads it to its end', () => {
		const path = join(directory, 'atomic.json');
		rewriteUndeliveredFile(path, () => [entry]);
		const before = statSync(path).ino;
		rewriteUndeliveredFile(path, () => []);
		assert.notEqual(statSync(path).ino, before);
	});

	test('leaves nothing behind where it cannot be written', () => {
		const place = join(directory, 'taken');
		mkdirSync(join(place, 'x.json'), { recursive: true });
		assert.throws(() => rewriteUndeliveredFile(join(place, 'x.json'), () => [entry]));
		assert.deepEqual(readdirSync(place), ['x.json']);
	});

	const document = (changes: unknown, facts = {}) =>
		JSON.stringify({ format: 'alert24-notify undelivered changes', version: 1, changes, ...facts });
	const refused: Record<string, [content: string, says: RegExp]> = {
		empty: ['', /is damaged: it is not JSON; it is left as it is/],
		'cut in the middle': [document([entry]).slice(0, -40), /is damaged: it is not JSON/],
		'JSON of another kind': ['[]', /is not a file of undelivered changes; it is left as it is/],
		null: ['null', /is not a file of undelivered changes/],
		'of another program': ['{"format":"sarif","version":1,"changes":[]}', /is not a file of undelivered changes/],
		'of a newer version': [
			document([], { version: 2 }),
			/has version 2, .* up to 1: use a newer alert24-notify; it is left/,
		],
		'without a version': [document([], { version: undefined }), /is damaged/],
		'without changes': [document(undefined), /is damaged: it does not hold a list of undelivered changes/],
		'with a change that the schema refuses': [document([{ ...entry, change: { summary: '' } }]), /is damaged/],
		'with an unknown field': [document([{ ...entry, change: { ...entry.change, extra: 1 } }]), /is damaged/],
		'with a state that is none': [document([{ ...entry, state: 'recorded' }]), /is damaged/],
		'with a time that is none': [document([{ ...entry, failed_at: 'soon' }]), /is damaged/],
		'with attempts that are none': [document([{ ...entry, attempts: '3' }]), /is damaged/],
	};
	for (const [name, [content, says]] of Object.entries(refused)) {
		test(`that is ${name} is refused by replay, and left as it is`, async () => {
			await using alert24 = await startAlert24();
			const path = join(directory, 'refused.json');
			writeFileSync(path, content);
			const { exitCode, stderr } = await tryDelivery(alert24, { argv: ['replay', path] });
			assert.equal(exitCode, 2);
			assert.match(stderr, says);
			assert.equal(readFileSync(path, 'utf8'), content);
			assert.equal(alert24.requests.length, 0);
		});
	}

	test('that is not there, or a directory, is said to be so', async () => {
		await using alert24 = await startAlert24();
		const says = async (path: string) => (await tryDelivery(alert24, { argv: ['replay', path] })).stderr;
		assert.match(await says(join(directory, 'nothing.json')), /does not exist/);
		assert.match(await says(directory), /is not a regular file/);
	});
});

suite('dropTwins', () => {
	test('keeps the last of those with the same external id, and all without one', () => {
		const { external_id: _, ...nameless } = entry.change;
		const anonymous = { ...entry, change: nameless };
		const [a, b, again] = [entryOf('a'), entryOf('b'), { ...entryOf('a'), attempts: 9 }];
		assert.deepEqual(dropTwins([a, anonymous, b, again, anonymous]), [anonymous, b, again, anonymous]);
	});
});

suite('a change that could not be delivered', { concurrency: true }, () => {
	async function fail(file: string, variables: Record<string, string> = {}) {
		await using alert24 = await startAlert24();
		alert24.failAlways({ kind: 'status', status: 401 });
		const trial = await tryDelivery(alert24, { variables: { ALERT24_UNDELIVERED_FILE: file, ...variables } });
		assert.equal(trial.exitCode, 4);
		return trial;
	}

	test('joins what another run left in the file; what failed again takes the place of its twin', async () => {
		const path = join(directory, 'joined.json');
		rewriteUndeliveredFile(path, () => [
			entryOf('gitlab:other'),
			entryOf('gitlab:gitlab.com:4711:job:903311:production'),
		]);
		const { undelivered } = await fail(path);
		assert.deepEqual(
			undelivered?.map(({ change, attempts }) => [change.external_id, attempts]),
			[
				['gitlab:other', 3],
				['gitlab:gitlab.com:4711:job:903311:production', 1],
			],
		);
	});

	const places: [name: string, makeFile: () => string, cause: RegExp][] = [
		['whose directory is not there', () => join(directory, 'no', 'x.json'), /\(ENOENT\)/],
		['that is a directory', () => directory, /is not a regular file/],
		['below a file', () => join(makeForeign('file.txt'), 'x.json'), /\(ENOTDIR\)/],
		['in a directory that takes no files', () => '/proc/self/alert24.json', /\((ENOENT|EACCES|EPERM|EROFS)\)/],
		['of another program', () => makeForeign('foreign.json'), /is damaged: it is not JSON; it is left as it is/],
		['behind a link that leads nowhere but to a directory', () => makeLink(), /is not a regular file/],
	];
	for (const [name, makeFile, cause] of places) {
		test(`is told whole, where the file is one ${name}, as replay takes it`, async () => {
			const file = makeFile();
			const { stderr } = await fail(file, { CI_COMMIT_MESSAGE: 'section_start:1:x\r\u001b[0K "\\ ü\n\u2028' });
			assert.match(stderr, cause);
			const [, told = ''] =
				/kept in a file by hand:\n(\{[\s\S]*\n\})\nalert24-notify: Send it later/.exec(stderr) ?? [];
			const path = join(directory, `told-${Math.random()}.json`);
			writeFileSync(path, told);
			await using alert24 = await startAlert24();
			assert.equal((await tryDelivery(alert24, { argv: ['replay', path] })).exitCode, 0, told);
			assert.equal(alert24.sentChanges[0]?.['commit_message'], 'section_start:1:x\r\u001b[0K "\\ ü\n\u2028');
			assert.doesNotMatch(told, /section_start:|\u001b|\r|\u2028/);
			assert.equal(existsSync(file) && statSync(file).isFile() ? readFileSync(file, 'utf8') : 'precious', 'precious');
		});
	}

	function makeForeign(name: string): string {
		writeFileSync(join(directory, name), 'precious');
		return join(directory, name);
	}

	function makeLink(): string {
		symlinkSync(directory, join(directory, 'link.json'));
		return join(directory, 'link.json');
	}

	test('is told how to be sent again, as a shell takes it', async () => {
		const path = join(directory, "it's here.json");
		const { stderr } = await fail(path);
		assert.ok(stderr.endsWith(`alert24-notify replay '${directory}/it'\\''s here.json'\n`), stderr);
	});
});
