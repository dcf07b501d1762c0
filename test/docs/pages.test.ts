import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { suite, test } from 'node:test';
import manifest from '../../package.json' with { type: 'json' };
import { setVersion } from '../../scripts/versions.ts';
import { recordExample } from './example-record.ts';
import { exists, pages, readBlocks, readPage, root } from './pages.ts';

/** The most lines of a page. */
const limits: Readonly<Record<string, number>> = {
	'README.md': 180,
	'CONTRIBUTING.md': 90,
	'docs/gitlab.md': 130,
	'docs/hook.md': 130,
	'docs/bitbucket.md': 130,
	'docs/relay.md': 130,
	'docs/sync.md': 90,
	'docs/delivery.md': 90,
	'docs/image.md': 90,
	'docs/self-managed.md': 90,
	'docs/troubleshooting.md': 90,
};

suite('the pages', () => {
	test('link to files and headings that exist', () => {
		const broken = pages.flatMap((page) =>
			[...readPage(page).matchAll(/\]\(([^)\s]+)\)/g)]
				.map(([, target = '']) => target)
				.filter((target) => !/^https?:/.test(target) && !isTarget(page, target))
				.map((target) => `${page}: ${target}`),
		);
		assert.deepEqual(broken, []);
	});

	test('stay within their limits of lines', () => {
		for (const [page, limit] of Object.entries(limits)) {
			const lines = readPage(page).trimEnd().split('\n').length;
			assert.ok(lines <= limit, `${page} has ${lines} lines, and ${limit} are allowed`);
		}
	});

	test('have at most 120 columns outside of tables, badges and JSON', () => {
		const long = pages.flatMap((page) =>
			readPage(page)
				.split('\n')
				.filter((line) => [...line].length > 120 && !/^(\||\[!\[|<!--|\s+"description": )/.test(line))
				.map((line) => `${page}: ${line}`),
		);
		assert.deepEqual(long, []);
	});

	test('have at most 120 columns in the comments of the YAML and shell files beside them', () => {
		const files = execFileSync('git', ['ls-files'], { cwd: root, encoding: 'utf8' })
			.split('\n')
			.filter((path) => /(\.ya?ml|\.sh|Dockerfile|^\.ci\/run)$/.test(path));
		const long = files.flatMap((path) =>
			readPage(path)
				.split('\n')
				.filter((line) => [...line].length > 120 && /^\s*#/.test(line))
				.map((line) => `${path}: ${line}`),
		);
		assert.deepEqual([files.length > 20, long], [true, []]);
	});

	test('use American spelling and one spelling for each word', () => {
		const odd = /\b(cancell(?:ed|ing)|licence|behaviour|honour\w*|colour\w*|roll-?back\w*|look-?ups?|time-?outs?)\b/gi;
		const known = /^(rollbacks?|lookups?|timeouts?|roll_back)$/i;
		for (const page of pages.filter((name) => name !== 'CHANGELOG.md')) {
			const words = readPage(page).match(odd) ?? [];
			assert.deepEqual(
				words.filter((word) => !known.test(word)),
				[],
				page,
			);
		}
	});

	test('contain the old version nowhere after a release, except in prose about it', () => {
		const { version } = manifest;
		// The history and the reasons for decisions name old versions.
		const isUpdated = (path: string) =>
			/^(README|SECURITY|docs\/[^/]+$|examples|bitbucket|templates|\.gitlab)/.test(path);
		const files = execFileSync('git', ['ls-files'], { cwd: root, encoding: 'utf8' }).split('\n').filter(isUpdated);
		assert.ok(files.length > 30);
		for (const path of files) {
			const released = setVersion(path, readPage(path), '99.0.0', '2026-12-01').replaceAll(`version ${version}`, '');
			assert.ok(!released.includes(version), path);
		}
	});
});

suite('CONTRIBUTING.md', () => {
	test('maps every folder of the sources', () => {
		const paths = [...readPage('CONTRIBUTING.md').matchAll(/^([\w/.-]+) {2,}\w/gm)].map(([, path = '']) => path);
		assert.deepEqual(
			paths.filter((path) => !exists(path)),
			[],
		);
		const folders = readdirSync(join(root, 'src'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
		for (const { name } of folders) assert.ok(paths.includes(`src/${name}/`), name);
	});
});

suite('the README', () => {
	test('shows the change that the program sends', async () => {
		const [block] = readBlocks('README.md', 'json');
		assert.deepEqual(JSON.parse(block?.text ?? ''), await recordExample());
	});

	test('lists every page of docs', () => {
		const readme = readPage('README.md');
		for (const page of pages.filter((name) => /^docs\/[^/]+$/.test(name))) assert.ok(readme.includes(`(${page}`), page);
	});
});

function isTarget(page: string, target: string): boolean {
	const [path = '', anchor] = target.split('#');
	const file = path === '' ? page : join(dirname(page), path);
	if (!exists(file)) return false;
	return anchor === undefined || listAnchors(file).includes(anchor);
}

// https://docs.gitlab.com/user/markdown/#heading-ids-and-links
function listAnchors(page: string): string[] {
	return [...readPage(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
		heading
			.toLowerCase()
			.replace(/[^\p{L}\p{N}\s_-]/gu, '')
			.replaceAll(' ', '-')
			.replace(/-+/g, '-'),
	);
}
