import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, suite, test } from 'node:test';
import { version } from '../../src/version.ts';
import { startAlert24 } from '../../stand-in/alert24-stand-in.ts';
import { findContainerCommands } from '../docs/container-commands.ts';
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

suite('the image', { skip: containers.skip }, () => {
	let image = '';
	before(async () => {
		image = await engine.buildImage('localhost/alert24-notify:test');
	});

	const users = { root: '0:0', 'user 1000': '1000:1000', 'any user id, as on OpenShift': '1000660000:0' };
	for (const [name, user] of Object.entries(users)) {
		test(`records a deployment as ${name}, on a read-only root, with no checkout and no home`, async () => {
			await using alert24 = await startAlert24();
			const variables = { ...job, ALERT24_API_URL: alert24.url, ALERT24_API_KEY: alert24.apiKey };
			const args = [...run, '--read-only', '--read-only-tmpfs=false', `--user=${user}`, ...env(variables), image];
			const result = await engine.run([...args, 'sh', '-c', 'ls .git; alert24-notify']);
			assert.equal(result.exitCode, 0, result.stderr);
			assert.match(result.stdout, /^Recorded: Deployed shop @ 1a2b3c4d in "production"/);
			assert.equal(alert24.changes.length, 1);
		});
	}

	test('has the folder of the relay for its user: Docker creates a volume with the owner of the folder', async () => {
		assert.equal(await engine.expect([...run, image, 'stat', '-c', '%u:%g', '/data']), '1000:1000\n');
	});

	test('records a deployment when it is run with no command', async () => {
		await using alert24 = await startAlert24();
		const variables = { ...job, ALERT24_API_URL: alert24.url, ALERT24_API_KEY: alert24.apiKey };
		const result = await engine.run([...run, ...env(variables), image]);
		assert.equal(result.exitCode, 0, result.stderr);
		assert.equal(alert24.changes.length, 1);
	});

	for (const entrypoint of [[], ['--entrypoint=']]) {
		test(`starts GitLab's shell ${entrypoint.length === 0 ? 'with its own entrypoint' : 'with none'}`, async () => {
			// As the runner does: https://docs.gitlab.com/runner/executors/docker/#how-docker-integration-works
			const script =
				'if [ -x /bin/bash ]; then exec /bin/bash; elif [ -x /bin/sh ]; then exec /bin/sh -c "echo it works | grep works"; fi';
			const { stdout } = await engine.run([...run, ...entrypoint, image, 'sh', '-c', script]);
			assert.equal(stdout, 'it works\n');
		});
	}

	for (const { source, image: documented, command } of findContainerCommands().filter(({ source }) =>
		source.endsWith('.md'),
	)) {
		test(`runs the command of ${source}`, async () => {
			assert.ok(documented.endsWith(`/alert24-notify:${version}`));
			const { exitCode, stdout } = await engine.run([...run, image, ...command]);
			assert.equal(exitCode, 0);
			assert.match(stdout, /^alert24-notify \[command\] \[options\]$/m);
		});
	}

	test('prints its version', async () => {
		assert.equal(await engine.expect([...run, image, 'alert24-notify', '--version']), `${version}\n`);
	});

	test('ends at once and keeps the change when its job is canceled', async (t) => {
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
		const undelivered = join(folder, 'alert24-undelivered');
		const [file = ''] = await readdir(undelivered);
		assert.match(await readFile(join(undelivered, file), 'utf8'), /Deployed shop @ 1a2b3c4d/);
	});

	test('contains the program, its licenses and certificates, but no npm and no package of it', async () => {
		const find = 'find / -xdev ! -type d ! -path "/proc/*" ! -path "/sys/*" ! -path "/dev/*" ! -path "/run/*"';
		const files = (await engine.expect([...run, '--user=0', image, 'sh', '-c', find])).trim().split('\n');
		assert.deepEqual(files.filter((file) => file.startsWith('/usr/local/')).sort(), [
			'/usr/local/bin/alert24-notify',
			'/usr/local/lib/alert24-notify/LICENSES.txt',
			'/usr/local/lib/alert24-notify/alert24-notify-serve.js',
			'/usr/local/lib/alert24-notify/alert24-notify.js',
		]);
		assert.ok(files.includes('/etc/ssl/certs/ca-certificates.crt'));
		assert.deepEqual(
			files.filter((file) => /node_modules|\.map$|\/(npm|npx|yarn|corepack)$/.test(file)),
			[],
		);
	});

	test('contains the Node release line that the program is tested with, sh, grep and git', async () => {
		const script = 'node --version; for name in sh grep git; do command -v "$name"; done';
		const lines = (await engine.expect([...run, image, 'sh', '-c', script])).trim().split('\n');
		assert.equal(lines[0]?.split('.')[0], process.version.split('.')[0]);
		assert.deepEqual(
			lines.slice(1).map((path) => path.replace(/^.*\//, '')),
			['sh', 'grep', 'git'],
		);
	});

	test('adds the program, and no Node, to an image that copies its /usr/local', async (t) => {
		const name = 'localhost/alert24-notify:test-copied';
		const folder = await mkdtemp(join(tmpdir(), 'alert24-image-'));
		t.after(async () => {
			await engine.run(['rmi', '--force', name]);
			await rm(folder, { recursive: true });
		});
		const lines = ['FROM docker.io/library/node:24-alpine', `COPY --from=${image} /usr/local/ /usr/local/`];
		await writeFile(join(folder, 'Dockerfile'), lines.join('\n'));
		await engine.expect(['build', '--quiet', '--tag', name, folder]);
		assert.equal(await engine.expect([...run, name, 'alert24-notify', '--version']), `${version}\n`);
	});

	test('has a numeric user, no entrypoint, and the labels of the OCI', async () => {
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
