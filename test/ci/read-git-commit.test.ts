import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
	chmodSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	renameSync,
	rmSync,
	writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import type { GitCommit } from '../../src/ci/git-commit.ts';
import { readGitCommit } from '../../src/ci/read-git-commit.ts';
import { Log } from '../../src/log/log.ts';
import { Redactor } from '../../src/text/redact.ts';
import { GitRepository } from '../support/git-repository.ts';
import { createTerminal } from '../support/terminal.ts';

const path = String(process.env['PATH']);
const message = 'Sort the basket by price\n\nAs “customers” asked: * $HOME `id` \\n é 🚀\n';

describe('what git tells of a commit', () => {
	const empty = mkdtempSync(join(tmpdir(), 'alert24-empty-'));
	after(() => rmSync(empty, { recursive: true }));

	async function read(sha: string, directory: string, searchPath = path): Promise<[GitCommit | undefined, string]> {
		const terminal = createTerminal();
		const log = new Log(terminal, new Redactor({}));
		log.isVerbose = true;
		const commit = await readGitCommit({ sha, directory, searchPath }, log, new AbortController().signal);
		return [commit, terminal.stderr];
	}

	// The clone's files are read where git does not tell.
	for (const [reader, searchPath] of [
		['git', path],
		['the files of a clone, without git', empty],
	] as const) {
		it(`${reader}: expands a short commit and gives the message, of one that is not the newest`, async () => {
			using repository = new GitRepository();
			const sha = repository.commit(message);
			repository.commit('Another one');

			const [commit, said] = await read(sha.slice(0, 12), repository.directory, searchPath);
			assert.equal(commit?.sha, sha);
			assert.equal(commit.message.trimEnd(), message.trimEnd());
			assert.equal(said === '', reader === 'git');
		});

		it(`${reader}: reads a shallow clone, and does not know what that lacks`, async () => {
			using origin = new GitRepository();
			const old = origin.commit('Old');
			const sha = origin.commit(message);
			using clone = new GitRepository('--depth=1', `file://${origin.directory}`);

			assert.equal((await read(sha, clone.directory, searchPath))[0]?.sha, sha);
			const [commit, said] = await read(old, clone.directory, searchPath);
			assert.equal(commit, undefined);
			assert.match(said, /git does not tell of commit/);
		});

		it(`${reader}: reads a repository of another user`, {
			skip: process.getuid?.() !== 0 && 'needs root',
		}, async () => {
			using repository = new GitRepository();
			const sha = repository.commit(message);
			execFileSync('chown', ['-R', '65534:65534', repository.directory]);
			assert.throws(() => repository.git('log', '-1'), /dubious ownership/);

			const [commit, said] = await read(sha.slice(0, 12), repository.directory, searchPath);
			assert.equal(commit?.sha, sha);
			assert.equal(said === '', reader === 'git');
		});

		it(`${reader}: gives a message in another encoding as what it says`, async () => {
			using repository = new GitRepository();
			repository.git('config', 'i18n.commitEncoding', 'ISO-8859-1');
			writeFileSync(join(repository.directory, 'message'), Buffer.from('Größe ändern\n', 'latin1'));
			repository.git('commit', '--quiet', '--allow-empty', '--file=message');
			const sha = repository.git('rev-parse', 'HEAD').trim();

			assert.equal((await read(sha, repository.directory, searchPath))[0]?.message.trim(), 'Größe ändern');
		});
	}

	it('says, without a clone, what is missing, and gives nothing', async () => {
		const [commit, said] = await read('5b1e7d20c4a9', empty);
		assert.equal(commit, undefined);
		assert.match(said, /git does not tell of commit 5b1e7d20c4a9: "fatal: not a git repository/);
	});

	it('gives nothing for digits that two commits begin with', async () => {
		using repository = new GitRepository();
		const byPrefix = new Map<string, string>();
		for (let number = 0; ; number += 1) {
			const sha = repository.git('commit-tree', '-m', `${number}`, '4b825dc642cb6eb9a060e54bf8d69288fbee4904').trim();
			if (byPrefix.has(sha.slice(0, 2))) {
				assert.equal((await read(sha.slice(0, 2), repository.directory, empty))[0], undefined);
				return;
			}
			byPrefix.set(sha.slice(0, 2), sha);
		}
	});

	it('gives up a git that hangs, and neither hands it secrets nor asks a shell', async () => {
		const fake = join(empty, 'bin');
		mkdirSync(fake);
		writeFileSync(join(fake, 'git'), '#!/bin/sh\n/usr/bin/env >&2\nexec /bin/sleep 60\n');
		chmodSync(join(fake, 'git'), 0o755);
		const startMs = performance.now();
		const [commit, said] = await read('5b1e7d20c4a9', empty, fake);
		assert.equal(commit, undefined);
		assert.match(said, /it takes too long/);
		assert.ok(performance.now() - startMs < 10_000);
		writeFileSync(join(fake, 'git'), '#!/bin/sh\n/usr/bin/env >&2\nexit 1\n');
		const names = [...(await read('5b1e7d20c4a9', empty, fake))[1].matchAll(/(?:\\n|")(\w+)=/g)].map(
			([, name]) => name,
		);
		// The last three are the shell's own.
		const expected = ['GIT_NO_LAZY_FETCH', 'GIT_TERMINAL_PROMPT', 'LC_ALL', 'PATH', 'PWD', 'SHLVL', '_'];
		assert.deepEqual(
			names.filter((name) => !expected.includes(String(name))),
			[],
		);
		assert.ok(names.includes('PATH'));
	});

	it('ends with the job that is canceled', async () => {
		const log = new Log(createTerminal(), new Redactor({}));
		const query = { sha: '5b1e7d20c4a9', directory: empty, searchPath: path };
		assert.equal(await readGitCommit(query, log, AbortSignal.abort()), undefined);
	});
});

describe('the files of a clone', () => {
	for (const [title, deltaBaseOffset] of [
		['by offset', 'true'],
		['by name', 'false'],
	] as const) {
		it(`give every commit of a pack whose deltas name their base ${title}`, async () => {
			using repository = new GitRepository();
			const long = Array.from({ length: 200 }, (_, line) => `line ${line} of a message that changes little`).join('\n');
			const messages = new Map(
				Array.from({ length: 30 }, (_, number) => {
					const text = `Change ${number}\n\n${long.replace(`line ${number} `, `LINE ${number} `)}\n`;
					return [repository.commit(text), text] as const;
				}),
			);
			repository.git('config', 'repack.useDeltaBaseOffset', deltaBaseOffset);
			repository.git('repack', '-adfq', '--depth=20', '--window=30');
			const pack = join(repository.directory, '.git/objects/pack');
			const [index = ''] = readdirSync(pack).filter((file) => file.endsWith('.idx'));
			const chains = repository.git('verify-pack', '-v', join(pack, index));
			assert.match(chains, /^[0-9a-f]{40} commit( +\d+){4} [0-9a-f]{40}$/m, 'there is a delta');

			const log = new Log(createTerminal(), new Redactor({}));
			for (const [sha, text] of messages) {
				const query = { sha: sha.slice(0, 12), directory: repository.directory, searchPath: '/nowhere' };
				const commit = await readGitCommit(query, log, new AbortController().signal);
				assert.deepEqual(commit, { sha, message: text });
			}
		});
	}

	it('give nothing where a commit is damaged', async () => {
		using repository = new GitRepository();
		const sha = repository.commit(message);
		const other = repository.commit('Other');
		const fileOf = (name: string) => join(repository.directory, '.git/objects', name.slice(0, 2), name.slice(2));
		renameSync(fileOf(other), fileOf(sha));
		const log = new Log(createTerminal(), new Redactor({}));
		const query = { sha, directory: repository.directory, searchPath: '/nowhere' };
		assert.equal(await readGitCommit(query, log, new AbortController().signal), undefined);
	});

	it('give nothing, at once, where the index of a pack is damaged or an object is a pipe', async () => {
		using repository = new GitRepository();
		const sha = repository.commit(message);
		repository.git('repack', '-adq');
		const pack = join(repository.directory, '.git/objects/pack');
		const [index = ''] = readdirSync(pack).filter((file) => file.endsWith('.idx'));
		const bytes = readFileSync(join(pack, index));
		bytes.fill(0xff, 12, 8 + 4 * 256);
		chmodSync(join(pack, index), 0o644);
		writeFileSync(join(pack, index), bytes);
		const loose = join(repository.directory, '.git/objects', sha.slice(0, 2));
		mkdirSync(loose, { recursive: true });
		execFileSync('mkfifo', [join(loose, sha.slice(2))]);

		const startedAt = performance.now();
		const query = { sha, directory: repository.directory, searchPath: '/nowhere' };
		assert.equal(
			await readGitCommit(query, new Log(createTerminal(), new Redactor({})), new AbortController().signal),
			undefined,
		);
		assert.ok(performance.now() - startedAt < 1000);
	});
});
