import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, before, beforeEach, suite, test } from 'node:test';
import { type Alert24StandIn, startAlert24 } from '../../stand-in/alert24-stand-in.ts';
import { bitbucketStep } from '../support/bitbucket-step.ts';
import { type ContainerRun, containers } from '../support/container-engine.ts';
import { GitRepository } from '../support/git-repository.ts';

const { engine } = containers;
const agent = '/opt/atlassian/pipelines/agent';
const storageOf = 'build/.bitbucket/pipelines/generated/pipeline/pipes';

// The variables that Bitbucket passes to every pipe in a step for a branch.
const always = {
	...bitbucketStep,
	BITBUCKET_GIT_HTTP_ORIGIN: 'http://bitbucket.org/shop/web-shop',
	BITBUCKET_PROJECT_UUID: '{5d6e7f80-9a1b-4c2d-8e3f-4a5b6c7d8e9f}',
	BITBUCKET_REPO_OWNER: 'shop',
	BITBUCKET_REPO_IS_PRIVATE: 'true',
	BITBUCKET_WORKSPACE: 'shop',
	BITBUCKET_SSH_KEY_FILE: `${agent}/ssh/id_rsa`,
	BITBUCKET_REPO_OWNER_UUID: '{a0b1c2d3-e4f5-4a6b-8c7d-9e0f1a2b3c4d}',
	BITBUCKET_GIT_SSH_ORIGIN: 'git@bitbucket.org:shop/web-shop.git',
	BITBUCKET_PIPELINES_VARIABLES_PATH: `${agent}/build/.bitbucket/pipelines/generated/pipeline/variables`,
	BITBUCKET_REPO_UUID: '{0f9e8d7c-6b5a-4948-8372-615049382716}',
	BITBUCKET_CLONE_DIR: `${agent}/build`,
	BITBUCKET_PROJECT_KEY: 'SHOP',
	PIPELINES_JWT_TOKEN: 'eyJhbGciOiJIUzI1NiJ9.pipelines-token-of-a-test',
	BITBUCKET_DOCKER_HOST_INTERNAL: '10.39.221.4',
	DOCKER_HOST: 'tcp://host.docker.internal:2375',
	BITBUCKET_PIPE_STORAGE_DIR: `${agent}/${storageOf}/alert24/alert24-notify`,
	BITBUCKET_PIPE_SHARED_STORAGE_DIR: `${agent}/${storageOf}`,
};

suite('the image on Bitbucket', { skip: containers.skip }, () => {
	let image = '';
	let alert24: Alert24StandIn;
	let home: string;
	let sha: string;
	before(async () => {
		image = await engine.buildImage(
			'localhost/alert24-notify:test',
			'--build-arg=VERSION=1.2.3',
			'--build-arg=REVISION=abc',
		);
	});
	// A clone that belongs to root, as there.
	beforeEach(async () => {
		alert24 = await startAlert24();
		home = mkdtempSync(join(tmpdir(), 'alert24-agent-'));
		using origin = new GitRepository();
		origin.commit('Older');
		sha = origin.commit('Sort the basket by price');
		mkdirSync(join(home, 'ssh'));
		execFileSync('git', ['clone', '--quiet', '--depth=1', `file://${origin.directory}`, join(home, 'build')]);
		mkdirSync(join(home, storageOf, 'alert24/alert24-notify'), { recursive: true });
		writeFileSync(join(home, 'build/.bitbucket/pipelines/generated/pipeline/variables'), 'OTHER=1\n');
		chmodSync(home, 0o755);
	});
	afterEach(async () => {
		await alert24.close();
		rmSync(home, { recursive: true });
	});

	const place = () => [
		'--network=host',
		`--volume=${home}/build:${agent}/build`,
		`--volume=${home}/ssh:${agent}/ssh:ro`,
		`--workdir=${agent}/build`,
	];

	function runPipe(listed: Readonly<Record<string, string>>, ...options: readonly string[]): Promise<ContainerRun> {
		const settings = { ALERT24_API_KEY: alert24.apiKey, ALERT24_API_URL: alert24.url, BITBUCKET_EXIT_CODE: '' };
		const variables = { ...always, BITBUCKET_COMMIT: sha.slice(0, 12), ...settings, ...listed };
		const env = Object.entries(variables).map(([name, value]) => `--env=${name}=${value}`);
		return engine.run(['run', '--rm', ...place(), ...options, ...env, image]);
	}

	for (const [user, options] of [
		['the user that it names', []],
		['root', ['--user=0']],
	] as const) {
		test(`records as a pipe, as ${user}, with the commit from the clone of root`, async () => {
			const { exitCode, stdout, stderr } = await runPipe(
				{ SERVICE_ID_COUNT: '1', SERVICE_ID_0: 'svc_web' },
				...options,
			);
			assert.deepEqual([exitCode, stderr], [0, ''], stdout);
			assert.match(stdout, /^\u001b\[32m✔ Recorded: Deployed web-shop @ /m);
			const [change] = alert24.sentChanges;
			assert.deepEqual(
				[change?.commit_sha, change?.commit_message, change?.service_id, alert24.sentChanges.length],
				[sha, 'Sort the basket by price', 'svc_web', 1],
			);
		});
	}

	test('records a failure as a pipe in an after-script', async () => {
		const { exitCode, stdout } = await runPipe({ BITBUCKET_EXIT_CODE: '127', ALERT24_RECORD_FAILURES: 'true' });
		assert.equal(exitCode, 0, stdout);
		assert.match(String(alert24.sentChanges[0]?.summary), /^Failed to deploy web-shop @ /);
	});

	test('keeps undelivered changes as root, and passes the id to later steps', async () => {
		alert24.failWith({ kind: 'status', status: 403 });
		assert.equal((await runPipe({}, '--user=0')).exitCode, 0);
		const folder = join(home, storageOf, 'alert24/alert24-notify/alert24-undelivered');
		const file = join(folder, readdirSync(folder)[0] ?? '');
		assert.equal(statSync(file).mode & 0o777, 0o644);
		assert.equal(JSON.parse(readFileSync(file, 'utf8')).change.commit_sha, sha);

		assert.equal((await runPipe({}, '--user=0')).exitCode, 0);
		const lines = readFileSync(join(home, 'build/.bitbucket/pipelines/generated/pipeline/variables'), 'utf8').split(
			'\n',
		);
		assert.equal(lines[0], 'OTHER=1');
		assert.ok(lines.includes(`ALERT24_CHANGE_ID=${alert24.changes[0]?.id}`));
	});

	test('prints the change as one line if its user may not write to the directory of root', async () => {
		alert24.failWith({ kind: 'status', status: 403 });
		const { exitCode, stdout } = await runPipe({});
		assert.equal(exitCode, 0);
		assert.match(
			stdout,
			/cannot be written \(EACCES\)\. If the change is not recorded, send this line with: alert24-notify replay -/,
		);
		assert.ok(stdout.includes(`"commit_sha":"${sha}"`));
	});

	test('fails for a mistake in its configuration, and with FAIL_ON_ERROR', async () => {
		alert24.failAlways({ kind: 'status', status: 403 });
		assert.equal((await runPipe({ FAIL_ON_ERROR: 'true' })).exitCode, 1);
		assert.equal((await runPipe({ ALERT24_API_KEY: '' })).exitCode, 1);
		assert.equal((await runPipe({ RISK_LEVEL: 'severe' })).exitCode, 1);
		assert.equal((await runPipe({})).exitCode, 0);
	});

	test("runs the command as a step's image, without its own entrypoint and command", async () => {
		const variables = {
			...always,
			BITBUCKET_COMMIT: sha,
			ALERT24_API_KEY: alert24.apiKey,
			ALERT24_API_URL: alert24.url,
		};
		const { BITBUCKET_PIPE_STORAGE_DIR: _own, BITBUCKET_PIPE_SHARED_STORAGE_DIR: _shared, ...step } = variables;
		const env = Object.entries(step).map(([name, value]) => `--env=${name}=${value}`);
		const script = 'set -e; printf "+ alert24-notify\\n"; alert24-notify --deploy-job Deploy --service-id svc_web';
		const args = ['run', '--rm', '--user=0', '--entrypoint=/bin/sh', ...place(), ...env, image, '-c', script];
		const { exitCode, stdout, stderr } = await engine.run(args);
		assert.deepEqual([exitCode, stderr], [0, '']);
		assert.match(stdout, /^\+ alert24-notify\nRecorded: Deployed web-shop @ /);
		assert.match(
			String(alert24.sentChanges[0]?.external_id),
			/^bitbucket:pipeline:[0-9a-f-]+:Deploy:success:production:svc_web$/,
		);
	});
});
