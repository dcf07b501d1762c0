import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { publishBitbucketPipe } from '../../scripts/bitbucket-pipe-repository.ts';
import { GitRepository } from '../support/git-repository.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

suite('publishBitbucketPipe', () => {
	let project: string;
	let remote: GitRepository;
	let printed: string[];
	beforeEach(() => {
		project = mkdtempSync(join(tmpdir(), 'alert24-project-'));
		mkdirSync(join(project, 'bitbucket'));
		for (const file of ['bitbucket/pipe.yml', 'bitbucket/README.md', 'LICENSE'])
			cpSync(join(root, file), join(project, file));
		setVersion('1.0.0');
		remote = new GitRepository();
		remote.git('config', 'receive.denyCurrentBranch', 'ignore');
		printed = [];
	});
	afterEach(() => {
		remote[Symbol.dispose]();
		rmSync(project, { recursive: true });
	});

	function setVersion(version: string, changelog = version): void {
		writeFileSync(join(project, 'package.json'), JSON.stringify({ version }));
		writeFileSync(
			join(project, 'CHANGELOG.md'),
			`# Changelog\n\n## [Unreleased]\n\n## [${changelog}] - 2026-11-21\n\n- New.\n`,
		);
		for (const name of ['pipe.yml', 'README.md']) {
			const file = join(project, 'bitbucket', name);
			const text = readFileSync(file, 'utf8').replaceAll(/(alert24\/alert24-notify):[\d.]+/g, `$1:${version}`);
			writeFileSync(file, text);
		}
	}

	function publish(options: { isDryRun?: boolean; repository?: string } = {}): void {
		const { isDryRun = false, repository = remote.directory } = options;
		publishBitbucketPipe({ project, repository, isDryRun, print: (line) => printed.push(line) });
	}

	test('pushes the files and a tag with the version', () => {
		publish();
		assert.equal(remote.git('tag').trim(), '1.0.0');
		const files = remote.git('ls-tree', '--name-only', '1.0.0').trim().split('\n');
		assert.deepEqual(files, ['CHANGELOG.md', 'LICENSE', 'README.md', 'pipe.yml']);
		assert.match(
			remote.git('show', '1.0.0:pipe.yml'),
			/^image: registry\.gitlab\.com\/alert24\/alert24-notify:1\.0\.0 /m,
		);
		assert.equal(remote.git('rev-parse', 'main'), remote.git('rev-parse', '1.0.0'));
	});

	test('adds a version and does not change other files', () => {
		writeFileSync(join(remote.directory, 'SECURITY.md'), 'Write to us.\n');
		remote.git('add', '.');
		remote.commit('Say where to report');
		publish();
		setVersion('1.1.0');
		publish();
		assert.equal(remote.git('tag'), '1.0.0\n1.1.0\n');
		assert.match(remote.git('show', 'main:pipe.yml'), /:1\.1\.0 /);
		assert.equal(remote.git('show', 'main:SECURITY.md'), 'Write to us.\n');
	});

	test('prints that the version is published, and throws if its content differs', () => {
		publish();
		publish();
		assert.equal(printed.at(-1), '1.0.0 is published already');
		writeFileSync(join(project, 'LICENSE'), 'Another one\n');
		assert.throws(() => publish(), /1\.0\.0 is published with other content; a tag never changes:\nM {2}LICENSE/);
		assert.equal(remote.git('rev-list', '--count', '--all').trim(), '1');
	});

	test('prints the changes in a dry run and pushes nothing', () => {
		publish({ isDryRun: true });
		assert.match(printed.join('\n'), /^1\.0\.0: \nA {2}CHANGELOG\.md\n.*A {2}pipe\.yml\nDry run: nothing is pushed/s);
		assert.equal(remote.git('tag'), '');
	});

	test('continues a dry run if it cannot read the repository, and prints no password', () => {
		const repository = 'http://release:secret-of-a-test@127.0.0.1:1/alert24/alert24-notify.git';
		publish({ isDryRun: true, repository });
		assert.match(printed.join('\n'), /git clone failed: .*\nThe dry run continues as if the repository were empty/s);
		assert.ok(!printed.join('\n').includes('secret-of-a-test'));
		assert.throws(
			() => publish({ repository }),
			(error: Error) => /git clone failed/.test(error.message) && !error.message.includes('secret-of-a-test'),
		);
	});

	test('throws one error that lists all differing versions', () => {
		setVersion('1.1.0', '1.0.9');
		const pipe = join(project, 'bitbucket/pipe.yml');
		writeFileSync(pipe, readFileSync(pipe, 'utf8').replace(':1.1.0', ':1.0.0'));
		const readme = join(project, 'bitbucket/README.md');
		writeFileSync(readme, readFileSync(readme, 'utf8').replace('alert24-notify:1.1.0', 'alert24-notify:1.0.8'));
		assert.throws(() => publish({ isDryRun: true }), {
			message:
				'package.json has version 1.1.0, but bitbucket/pipe.yml has the image of 1.0.0, and bitbucket/README.md shows 1.0.8 and 1.1.0, and the newest heading of CHANGELOG.md is 1.0.9',
		});
	});
});
