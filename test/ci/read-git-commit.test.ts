import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import type { GitCommit } from '../../src/ci/git-commit.ts';
import { readGitCommit } from '../../src/ci/read-git-commit.ts';
import { Log } from '../../src/log/log.ts';
import { Redactor } from '../../src/text/redact.ts';
import { GitRepository } from '../support/git-repository.ts';
import { createTerminal } from '../support/terminal.ts';

const path = String(process.env['PATH']);
const message = 'Sort the basket by price\n\nAs “customers” asked: * $HOME `id` \\n é 🚀\n';

suite('readGitCommit', () => {
	const empty = mkdtempSync(join(tmpdir(), 'alert24-empty-'));
	after(() => rmSync(empty, { recursive: true }));

	async function read(sha: string, directory: string, searchPath = path): Promise<[GitCommit | undefined, string]> {
		const terminal = createTerminal();
		const log = new Log(terminal, new Redactor({}), { isVerbose: true });
		const commit = await readGitCommit({ sha, directory, searchPath }, log, new AbortController().signal);
		return [commit, terminal.stderr];
	}

	test('expands a short commit and returns the message, also of an older commit', async () => {
		using repository = new GitRepository();
		const sha = repository.commit(message);
		repository.commit('Another one');

		const [commit, said] = await read(sha.slice(0, 12), repository.directory);
		assert.equal(commit?.sha, sha);
		assert.equal(commit.message.trimEnd(), message.trimEnd());
		assert.equal(said, '');
	});

	test('reads a shallow clone, and returns nothing for a commit that it lacks', async () => {
		using origin = new GitRepository();
		const old = origin.commit('Old');
		const sha = origin.commit(message);
		using clone = new GitRepository('--depth=1', `file://${origin.directory}`);

		assert.equal((await read(sha, clone.directory))[0]?.sha, sha);
		const [commit, said] = await read(old, clone.directory);
		assert.equal(commit, undefined);
		assert.match(said, /git cannot read commit/);
	});

	test('reads a repository of another user', {
		skip: process.getuid?.() !== 0 && 'needs root',
	}, async () => {
		using repository = new GitRepository();
		const sha = repository.commit(message);
		execFileSync('chown', ['-R', '65534:65534', repository.directory]);
		assert.throws(() => repository.git('log', '-1'), /dubious ownership/);

		const [commit, said] = await read(sha.slice(0, 12), repository.directory);
		assert.equal(commit?.sha, sha);
		assert.equal(said, '');
	});

	test('decodes a message in another encoding', async () => {
		using repository = new GitRepository();
		repository.git('config', 'i18n.commitEncoding', 'ISO-8859-1');
		writeFileSync(join(repository.directory, 'message'), Buffer.from('Größe ändern\n', 'latin1'));
		repository.git('commit', '--quiet', '--allow-empty', '--file=message');
		const sha = repository.git('rev-parse', 'HEAD').trim();

		assert.equal((await read(sha, repository.directory))[0]?.message.trim(), 'Größe ändern');
	});
	test('returns nothing, and logs the reason, if there is no clone', async () => {
		const [commit, said] = await read('5b1e7d20c4a9', empty);
		assert.equal(commit, undefined);
		assert.match(said, /git cannot read commit 5b1e7d20c4a9: "fatal: not a git repository/);
	});

	test('returns nothing, and logs the reason, if git is not installed', async () => {
		const [commit, said] = await read('5b1e7d20c4a9', empty, empty);
		assert.equal(commit, undefined);
		assert.match(said, /git cannot read commit 5b1e7d20c4a9: "git is not installed"/);
	});

	test('stops a git that hangs, and passes it no secrets', async () => {
		const fake = join(empty, 'bin');
		mkdirSync(fake);
		writeFileSync(join(fake, 'git'), '#!/bin/sh\n/usr/bin/env >&2\nexec /bin/sleep 60\n');
		chmodSync(join(fake, 'git'), 0o755);
		const startMs = performance.now();
		const [commit, said] = await read('5b1e7d20c4a9', empty, fake);
		assert.equal(commit, undefined);
		assert.match(said, /git takes too long/);
		assert.ok(performance.now() - startMs < 50_000);
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

	test('ends with the job that is canceled', async () => {
		const log = new Log(createTerminal(), new Redactor({}));
		const query = { sha: '5b1e7d20c4a9', directory: empty, searchPath: path };
		assert.equal(await readGitCommit(query, log, AbortSignal.abort()), undefined);
	});
});
