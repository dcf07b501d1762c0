import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { version } from '../../src/version.ts';
import { startAlert24 } from '../../stand-in/alert24-stand-in.ts';
import { containers } from '../support/container-engine.ts';

const { engine } = containers;
const run = ['run', '--rm', '--network=host'];
const job = {
	GITLAB_CI: 'true',
	CI_PROJECT_NAME: 'shop',
	CI_COMMIT_SHORT_SHA: '1a2b3c4d',
	ALERT24_ENVIRONMENT: 'production',
	ALERT24_DEPLOY_JOB: 'deploy',
};

function env(variables: Readonly<Record<string, string>>): string[] {
	return Object.entries(variables).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
}

describe('the image', { skip: containers.skip }, () => {
	let image = '';
	before(async () => {
		image = await engine.buildImage('localhost/alert24-notify:test');
	});

	const users = { root: '0:0', 'user 1000': '1000:1000', 'any user id, as OpenShift gives': '1000660000:0' };
	for (const [name, user] of Object.entries(users)) {
		it(`records a deployment as ${name}, on a read-only root, with no checkout and no home`, async () => {
			await using alert24 = await startAlert24();
			const variables = { ...job, ALERT24_API_URL: alert24.url, ALERT24_API_KEY: alert24.apiKey };
			const args = [...run, '--read-only', '--read-only-tmpfs=false', `--user=${user}`, ...env(variables), image];
			const result = await engine.run([...args, 'sh', '-c', 'ls .git; alert24-notify']);
			assert.equal(result.exitCode, 0, result.stderr);
			assert.match(result.stdout, /^Recorded: Deployed shop @ 1a2b3c4d in "production"/);
			assert.equal(alert24.changes.length, 1);
		});
	}

	it('records a deployment when it is run with no command', async () => {
		await using alert24 = await startAlert24();
		const variables = { ...job, ALERT24_API_URL: alert24.url, ALERT24_API_KEY: alert24.apiKey };
		const result = await engine.run([...run, ...env(variables), image]);
		assert.equal(result.exitCode, 0, result.stderr);
		assert.equal(alert24.changes.length, 1);
	});

	for (const entrypoint of [[], ['--entrypoint=']]) {
		it(`starts GitLab's shell ${entrypoint.length === 0 ? 'with its own entrypoint' : 'with none'}`, async () => {
			// What the runner does: https://docs.gitlab.com/runner/executors/docker/#how-docker-integration-works
			const script =
				'if [ -x /bin/bash ]; then exec /bin/bash; elif [ -x /bin/sh ]; then exec /bin/sh -c "echo it works | grep works"; fi';
			const { stdout } = await engine.run([...run, ...entrypoint, image, 'sh', '-c', script]);
			assert.equal(stdout, 'it works\n');
		});
	}

	it('says its version', async () => {
		assert.equal(await engine.expect([...run, image, 'alert24-notify', '--version']), `${version}\n`);
	});

	it('takes the compiled code that it brings', async () => {
		const source = `
			const { readFileSync } = require('node:fs');
			const filename = '/usr/local/lib/alert24-notify/alert24-notify.js';
			const options = { filename, cachedData: readFileSync(filename + '.cache') };
			console.log(new (require('node:vm').Script)(readFileSync(filename, 'latin1'), options).cachedDataRejected);`;
		const [first = ''] = (await engine.expect([...run, image, 'head', '-1', '/usr/local/bin/alert24-notify'])).split(
			'\n',
		);
		const [node = '', ...flags] = first.replace('#!', '').split(' ');
		assert.equal(await engine.expect([...run, image, node, ...flags, '-e', source]), 'false\n');
	});

	it('ends at once and keeps the change when its job is canceled', async (t) => {
		await using alert24 = await startAlert24();
		alert24.failAlways({ kind: 'silence' });
		const folder = await mkdtemp(join(tmpdir(), 'alert24-image-'));
		t.after(() => rm(folder, { recursive: true }));
		const name = `alert24-notify-test-${process.pid}`;
		const variables = { ...job, ALERT24_API_URL: alert24.url, ALERT24_API_KEY: alert24.apiKey };
		const place = [`--volume=${folder}:/builds`, '--workdir=/builds', '--user=0', `--name=${name}`];
		const interrupt = { when: alert24.nthRequest(1), with: ['kill', '--signal=TERM', name] };
		const { exitCode } = await engine.run([...run, ...place, ...env(variables), image, 'alert24-notify'], interrupt);
		assert.equal(exitCode, 5);
		assert.match(await readFile(join(folder, 'alert24-undelivered.json'), 'utf8'), /Deployed shop @ 1a2b3c4d/);
	});

	it('holds Node, a shell with grep, certificates and the program, and nothing else', async () => {
		const find = 'find / -xdev -type f ! -path "/proc/*" ! -path "/sys/*" ! -path "/dev/*" ! -path "/run/*"';
		const files = (await engine.expect([...run, '--user=0', image, 'sh', '-c', find])).trim().split('\n');
		const own = files.filter((file) => file.startsWith('/usr/local/')).sort();
		assert.deepEqual(own, [
			'/usr/local/bin/node',
			'/usr/local/lib/alert24-notify/LICENSES.txt',
			'/usr/local/lib/alert24-notify/alert24-notify.js',
			'/usr/local/lib/alert24-notify/alert24-notify.js.cache',
			'/usr/local/lib/alert24-notify/launcher.js',
		]);
		assert.ok(files.includes('/etc/ssl/certs/ca-certificates.crt'));
		assert.deepEqual(
			files.filter((file) =>
				/node_modules|\.map$|\/(npm|npx|yarn|corepack|apk)$|^\/(usr\/)?lib\/lib(crypto|ssl|apk)\./.test(file),
			),
			[],
		);
	});

	it('has a numeric user, no entrypoint, and labels that tell what it is', async () => {
		const [{ Config: config }] = JSON.parse(await engine.expect(['image', 'inspect', image]));
		assert.equal(config.User, '1000:1000');
		assert.ok(!config.Entrypoint);
		const labels = Object.keys(config.Labels).filter((name) => name.startsWith('org.opencontainers.image.'));
		const expected = ['created', 'description', 'documentation', 'licenses', 'revision', 'source', 'title', 'version'];
		assert.deepEqual(
			labels.sort(),
			expected.map((name) => `org.opencontainers.image.${name}`),
		);
	});
});
