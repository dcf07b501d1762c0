import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, type TestContext, test } from 'node:test';
import manifest from '../package.json' with { type: 'json' };
import { findVersions, isLater, listVersionedFiles, setVersion } from '../scripts/versions.ts';

const projectRoot = join(import.meta.dirname, '..');

function makeRepository(t: TestContext): { folder: string; release(version: string): ReturnType<typeof spawnSync> } {
	const folder = mkdtempSync(join(tmpdir(), 'alert24-release-'));
	t.after(() => rmSync(folder, { recursive: true }));
	const files = [
		'package.json',
		'package-lock.json',
		'CHANGELOG.md',
		'README.md',
		'templates',
		'scripts',
		'.gitignore',
		'tsconfig.json',
	];
	for (const name of files) cpSync(join(projectRoot, name), join(folder, name), { recursive: true });
	symlinkSync(join(projectRoot, 'node_modules'), join(folder, 'node_modules'));
	const changelog = readFileSync(join(folder, 'CHANGELOG.md'), 'utf8');
	writeFileSync(
		join(folder, 'CHANGELOG.md'),
		changelog.replace(/## \[Unreleased\]\n+/, '## [Unreleased]\n\n- Something new.\n\n'),
	);
	const git = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', '-C', folder];
	execFileSync('git', [...git, 'init', '--quiet']);
	writeFileSync(join(folder, '.git/info/exclude'), 'node_modules\n');
	execFileSync('git', [...git, 'add', '.']);
	execFileSync('git', [...git, 'commit', '--quiet', '--message', 'Sell shoes']);
	const release = (version: string) =>
		spawnSync(process.execPath, ['--import=tsx', 'scripts/release.ts', version], { cwd: folder, encoding: 'utf8' });
	return { folder, release };
}

suite('npm run release', () => {
	test('sets the version in every file', (t) => {
		const { folder, release } = makeRepository(t);
		const { status, stderr } = release('2.3.4');
		assert.equal(stderr, '');
		assert.equal(status, 0);
		const paths = listVersionedFiles(folder);
		for (const path of ['package.json', 'package-lock.json', 'CHANGELOG.md', 'README.md', 'templates/notify.yml']) {
			assert.ok(paths.includes(path), path);
		}
		for (const path of paths) {
			const text = readFileSync(join(folder, path), 'utf8');
			const others = findVersions(path, text).filter((found) => found !== '2.3.4' && found !== '2.x');
			assert.deepEqual(others, [], path);
			if (path !== 'CHANGELOG.md') assert.ok(!text.includes(`alert24-notify:${manifest.version}`), path);
		}
		const date = new Date().toISOString().slice(0, 10);
		const heading = `## [Unreleased]\n\n## [2.3.4] - ${date}\n\n- Something new.\n`;
		assert.ok(readFileSync(join(folder, 'CHANGELOG.md'), 'utf8').includes(heading));
	});

	test('exits with an error and changes nothing if the version is invalid or not higher', (t) => {
		const { folder, release } = makeRepository(t);
		for (const version of ['v9.0.0', '9.0', manifest.version, '0.9.9']) {
			const { status, stderr } = release(version);
			assert.equal(status, 1);
			assert.match(String(stderr), /^release: .*(is not a version such as|does not come after)/);
			assert.equal(execFileSync('git', ['-C', folder, 'status', '--porcelain'], { encoding: 'utf8' }), '');
		}
	});

	test('exits with an error if the work tree has changes', (t) => {
		const { folder, release } = makeRepository(t);
		writeFileSync(join(folder, 'README.md'), 'changed');
		assert.match(String(release('9.0.0').stderr), /^release: commit or stash these changes first:\n M README\.md/);
		assert.equal(readFileSync(join(folder, 'README.md'), 'utf8'), 'changed');
	});
});

suite('setVersion', () => {
	test('throws if the changelog lists nothing new', () => {
		const text = '# Changelog\n\n## [Unreleased]\n\n## [1.0.0] - 2026-01-01\n\n- All.\n';
		assert.throws(() => setVersion('CHANGELOG.md', text, '1.0.1', '2026-01-02'), /nothing under "Unreleased"/);
	});

	test('does not change versions of other projects', () => {
		const text =
			'https://gitlab.com/alert24/alert24-notify/-/releases/1.0.0/downloads\nimage: registry.example.com/alert24-notify:1.0.0\nimage: node:1.0.0\n[Keep](https://keepachangelog.com/en/1.0.0/)\n';
		const expected = text.replace('notify:1.0.0', 'notify:1.1.0').replace('releases/1.0.0', 'releases/1.1.0');
		assert.equal(setVersion('README.md', text, '1.1.0', '2026-01-02'), expected);
	});
});

suite('isLater', () => {
	test('orders versions as Semantic Versioning does', () => {
		const ordered = [
			'0.9.9',
			'1.0.0-alpha.2',
			'1.0.0-alpha.10',
			'1.0.0-rc.1',
			'1.0.0',
			'1.0.1',
			'1.2.0',
			'1.10.0',
			'2.0.0-rc.1',
			'2.0.0',
		];
		for (const [index, version] of ordered.entries()) {
			assert.deepEqual(
				ordered.filter((other) => isLater(version, other)),
				ordered.slice(0, index),
				version,
			);
		}
	});
});
