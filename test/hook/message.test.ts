import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import { hookJob, runHook } from '../support/run-hook.ts';
import { locate, Toolbox, whyWithoutTools } from '../support/toolbox.ts';

const job = { ...hookJob, ALERT24_DRY_RUN: 'true' };

suite('the commit message', { skip: whyWithoutTools }, () => {
	const toolbox = new Toolbox('GNU wget and mawk');
	toolbox.add('git', `exec ${locate('git')} "$@"`);
	const directory = mkdtempSync(join(tmpdir(), 'alert24-hook-clone-'));
	after(() => {
		toolbox[Symbol.dispose]();
		rmSync(directory, { recursive: true });
	});
	const environment = { PATH: process.env['PATH'], HOME: directory, GIT_CONFIG_NOSYSTEM: '1' };
	const git = (...options: string[]) =>
		execFileSync('git', ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', ...options], {
			cwd: directory,
			env: environment,
			encoding: 'utf8',
		}).trim();
	git('init', '--quiet');
	const message =
		'Rename $DB_PASSWORD to "$5"\n\n`id` $(id) \\n é 🚀 ak_live_0123456789abcdefghijABCDEFGHIJ01\n\nSee merge request !7';
	git('commit', '--quiet', '--allow-empty', '--message', message);
	const sha = git('rev-parse', 'HEAD');

	async function readMessage(variables: Record<string, string>, path = toolbox.path, before = ':') {
		const { stdout, stderr } = await runHook({ ...job, ...variables }, { shell: 'dash', path, before });
		const { commit_message, pr_number } = stdout === '' ? { commit_message: stderr } : JSON.parse(stdout);
		return { commit_message, pr_number };
	}
	const clone = { CI_PROJECT_DIR: directory, CI_COMMIT_SHA: sha, CI_COMMIT_MESSAGE: 'expanded' };
	const expected = { commit_message: message.replace(/ak_live_\w+/, '[redacted]'), pr_number: '7' };

	test('comes from git, exactly, in any folder', async () => {
		assert.deepEqual(await readMessage({ ...clone, DB_PASSWORD: 'Rename' }), expected);
	});

	test('comes from git without the headers of the commit, in UTF-8', async () => {
		const commit = (head: string, text: string) =>
			execFileSync('git', ['hash-object', '-t', 'commit', '-w', '--stdin'], {
				cwd: directory,
				env: environment,
				input: Buffer.from(
					`tree ${tree}\nauthor A <a@b> 1 +0000\ncommitter A <a@b> 1 +0000\n${head}\n${text}`,
					'latin1',
				),
				encoding: 'utf8',
			}).trim();
		const tree = git('write-tree');
		for (const [head, text, read] of [
			['', '', 'expanded'],
			['', '\n\n', 'expanded'],
			['encoding ISO-8859-1\n', 'Caf\u00e9\n', 'Café'],
			[
				'gpgsig -----BEGIN PGP SIGNATURE-----\n \n iQ\n -----END PGP SIGNATURE-----\n',
				'Signed\n\nxy\n',
				'Signed\n\nxy',
			],
		] as const) {
			const variables = { ...clone, CI_COMMIT_SHA: commit(head, text) };
			assert.equal((await readMessage(variables)).commit_message, read);
		}
	});

	test('comes from the variable if git, the clone or the commit is missing', async () => {
		using bare = new Toolbox('curl and gawk');
		const fallback = { commit_message: 'expanded', pr_number: undefined };
		assert.deepEqual(await readMessage(clone, bare.path), fallback);
		assert.deepEqual(await readMessage({ ...clone, CI_PROJECT_DIR: '/nowhere' }), fallback);
		assert.deepEqual(await readMessage({ ...clone, CI_COMMIT_SHA: 'f'.repeat(40) }), fallback);
		assert.deepEqual(await readMessage({ ...clone, CI_COMMIT_SHA: '--all' }), fallback);
	});

	test('runs no program that the repository configures, and ends if git hangs', async () => {
		const evil = join(directory, 'evil');
		const programs = ['core.pager', 'gpg.program', 'core.fsmonitor', 'core.sshCommand', 'diff.external', 'core.editor'];
		for (const name of programs) git('config', name, `touch ${evil}`);
		git('config', 'log.showSignature', 'true');
		git('config', 'pager.log', 'true');
		git('config', 'remote.origin.url', 'ssh://example.com/shop.git');
		git('config', 'remote.origin.promisor', 'true');
		git('config', 'extensions.partialClone', 'origin');
		const missing = { ...clone, CI_COMMIT_SHA: 'e'.repeat(40) };
		assert.deepEqual(await readMessage(clone), expected);
		assert.equal((await readMessage(missing)).commit_message, 'expanded');
		writeFileSync(join(directory, 'list'), execFileSync('ls', { cwd: directory }));
		assert.doesNotMatch(execFileSync('ls', { cwd: directory, encoding: 'utf8' }), /evil/);
		using slow = new Toolbox('curl and gawk');
		slow.add('git', `exec ${locate('sleep')} 60`);
		const startedAtMs = performance.now();
		assert.equal((await readMessage(clone, slow.path)).commit_message, 'expanded');
		assert.ok(performance.now() - startedAtMs < 50_000);
	});

	for (const [title, variables, texts, expectedTexts] of [
		[
			'a secret by its name',
			{ DB_PASSWORD: 'hunter22', API_TOKEN: 'abc' },
			'Set hunter22 and abc',
			'Set [redacted] and abc',
		],
		['a URL with a password', { DB: 'ftp://u:p@db' }, 'Use ftp://u:p@db/x', 'Use [redacted]/x'],
		['a long value', { HOST: 'web-1.shop.internal' }, 'To web-1.shop.internal', 'To [redacted]'],
		['the longest value first', { A_KEY: 'abcd', B_KEY: 'abcdef' }, 'abcdef abcd', '[redacted] [redacted]'],
		[
			'the parts of a value that the runner expands',
			{ DB_PASSWORD: 'word$$hunter$1' },
			'word$hunter',
			'[redacted]$[redacted]',
		],
		[
			'all parts of a value that the runner expands to nothing',
			{ DB_PASSWORD: 'Tr0ub$4dor&3x', API_KEY: 'abcd${X}efgh', DSN: 'pass$HOME/x1y2' },
			'Tr0ubdor&3x abcdefgh pass/root/x1y2',
			'[redacted][redacted] [redacted][redacted] [redacted]/root[redacted]',
		],
		['no short value', { DEPLOY_TARGET: 'production' }, 'deploy to production', 'deploy to production'],
		[
			'no variable of GitLab',
			{ CI_COMMIT_AUTHOR: 'Jonas <j@x.example>' },
			'By Jonas <j@x.example>',
			'By Jonas <j@x.example>',
		],
		['shell code', { DB_PASSWORD: '$(touch x)`id`\\1&' }, 'a $(touch x)`id`\\1& b', 'a [redacted] b'],
	] as const) {
		test(`from the variable contains [redacted] for ${title}, and so do branch and tag`, async () => {
			const sources = { CI_COMMIT_MESSAGE: texts, CI_COMMIT_BRANCH: texts, CI_COMMIT_TAG: texts };
			const { stdout } = await runHook({ ...job, ...variables, ...sources }, { shell: 'bash', path: toolbox.path });
			const { commit_message, branch, tags, summary } = JSON.parse(stdout);
			assert.deepEqual([commit_message, branch, tags[2]], [expectedTexts, expectedTexts, expectedTexts]);
			assert.equal(summary, `Deployed web-shop ${expectedTexts} @ 5b1e7d20`);
		});
	}
});
