import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, type TestContext, test } from 'node:test';
import manifest from '../package.json' with { type: 'json' };
import { oldestNode } from '../scripts/bundle-options.ts';
import { listLicenses } from '../scripts/list-licenses.ts';
import { version } from '../src/version.ts';
import { startAlert24 } from '../stand-in/alert24-stand-in.ts';
import { runProgram } from './support/run-program.ts';

const job = {
	GITLAB_CI: 'true',
	CI_SERVER_FQDN: 'gitlab.com',
	CI_PROJECT_ID: '1',
	CI_PROJECT_NAME: 'shop',
	CI_PIPELINE_ID: '1',
	CI_COMMIT_SHA: '1a2b3c4d5e6f7a8b9c0d1a2b3c4d5e6f7a8b9c0d',
	ALERT24_DEPLOY_JOB: 'deploy',
	ALERT24_ENVIRONMENT: 'production',
	ALERT24_DEDUPE: 'always',
};
const dist = join(import.meta.dirname, '../dist');

function makeFolder(t: TestContext): string {
	const folder = mkdtempSync(join(tmpdir(), 'alert24-bundle-'));
	t.after(() => rmSync(folder, { recursive: true }));
	return folder;
}

suite('the bundle', () => {
	for (const type of ['module', 'commonjs', undefined]) {
		for (const name of ['alert24-notify.js', 'alert24-notify']) {
			test(`runs as ${name} below a package.json with type ${type}`, async (t) => {
				const folder = makeFolder(t);
				writeFileSync(join(folder, 'package.json'), JSON.stringify({ type }));
				copyFileSync(join(dist, 'alert24-notify.js'), join(folder, name));
				await using run = await runProgram(['--version'], {}, { program: join(folder, name), cwd: folder });
				assert.equal(run.stderr, '');
				assert.equal(run.stdout, `${version}\n`);
			});
		}
	}

	test('names the Node that it needs on an older one, with the exit code of a program that cannot start', async (t) => {
		const old = join(makeFolder(t), 'old-node.cjs');
		writeFileSync(old, 'delete process.getBuiltinModule;');
		await using run = await runProgram(['--version'], {}, { nodeOptions: ['--require', old] });
		const message = `alert24-notify: Node ${process.version} is too old: use Node ${oldestNode} or newer\n`;
		assert.deepEqual([run.exitCode, run.stdout, run.stderr], [126, '', message]);
	});

	test('loads no module of Node that a job does not need', async (t) => {
		await using alert24 = await startAlert24();
		const report = join(makeFolder(t), 'modules.txt');
		const script = join(makeFolder(t), 'report.cjs');
		const write = `require('node:fs').writeFileSync(${JSON.stringify(report)}, process.moduleLoadList.join('\\n'))`;
		writeFileSync(script, `process.on('exit', () => ${write});`);
		const environment = { ...job, ALERT24_API_URL: alert24.url, ALERT24_API_KEY: alert24.apiKey };
		await using run = await runProgram([], environment, { nodeOptions: ['--require', script] });
		assert.match(run.stdout, /^Recorded: /);
		const loaded = readFileSync(report, 'utf8').split('\n');
		assert.ok(loaded.includes('NativeModule https'));
		const streams = 'internal/webstreams/readablestream';
		const unwanted = ['child_process', 'dns', 'http2', 'perf_hooks', 'sqlite', 'zlib', streams];
		assert.deepEqual(
			loaded.filter((name) => unwanted.includes(name.replace('NativeModule ', '')) || name.includes('undici')),
			[],
		);
	});

	test('leaves the relay to a second file', () => {
		const [program = '', relay = ''] = ['', '-serve'].map((part) =>
			readFileSync(join(dist, `alert24-notify${part}.js`), 'utf8'),
		);
		const libraries = /FST_ERR_|alert24_relay_events_total|whsec_/;
		assert.doesNotMatch(program, libraries);
		assert.match(relay, libraries);
	});

	test('reports that the relay is in the image if its file is not there', async (t) => {
		const program = join(makeFolder(t), 'alert24-notify.js');
		copyFileSync(join(dist, 'alert24-notify.js'), program);
		await using run = await runProgram(['serve', '--check'], {}, { program });
		const message = 'alert24-notify: this file does not contain "serve": use the image, which does\n';
		assert.deepEqual([run.exitCode, run.stdout, run.stderr], [2, '', message]);
	});

	test('ships with the license of each bundled package', () => {
		const text = readFileSync(join(dist, 'LICENSES.txt'), 'utf8');
		for (const name of ['ajv', 'got', 'yargs'] as const)
			assert.ok(text.includes(`\n${name} ${manifest.dependencies[name]} (MIT)\n`), name);
		for (const name of Object.keys(manifest.devDependencies)) assert.ok(!text.includes(`\n${name} `), name);
		assert.match(text, /^alert24-notify [\d.]+ \(MIT\)\n\nMIT License\n\nCopyright/);
		assert.match(text, /\n@sindresorhus\/is [\d.]+ \(MIT\)\n\nMIT License\n\nCopyright \(c\) Sindre Sorhus/);
	});
});

suite('listLicenses', () => {
	test('lists a package with several files once, with its text', (t) => {
		const folder = join(makeFolder(t), 'node_modules/left');
		mkdirSync(folder, { recursive: true });
		writeFileSync(join(folder, 'package.json'), '{"version":"1.2.3","license":"ISC"}');
		writeFileSync(join(folder, 'LICENCE.md'), 'Do what you like.\n');
		const text = listLicenses([`${folder}/a.js`, `${folder}/b.js`, 'src/main.ts']);
		assert.equal(text.split('left 1.2.3 (ISC)\n\nDo what you like.\n').length, 2);
	});

	test('throws if a package has no license', (t) => {
		const folder = join(makeFolder(t), 'node_modules/odd');
		mkdirSync(folder, { recursive: true });
		writeFileSync(join(folder, 'package.json'), '{"version":"1.2.3"}');
		assert.throws(() => listLicenses([`${folder}/a.js`]), /node_modules\/odd has no license/);
	});
});
