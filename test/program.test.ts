import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { FolderOutbox } from '../src/outbox/folder-outbox.ts';
import { type Alert24StandIn, startAlert24 } from '../stand-in/alert24-stand-in.ts';
import { makeRefusingUrl } from '../stand-in/unreachable.ts';
import { gitlabJob } from './support/run-in-process.ts';
import { type ProgramRun, runProgram } from './support/run-program.ts';

suite('the bundled program', () => {
	let alert24: Alert24StandIn;
	let variables: Record<string, string>;
	before(async () => {
		alert24 = await startAlert24();
		variables = {
			...gitlabJob,
			ALERT24_ENVIRONMENT: 'production',
			ALERT24_API_KEY: alert24.apiKey,
			ALERT24_API_URL: alert24.url,
		};
	});
	after(() => alert24.close());

	async function expect(run: ProgramRun, exitCode: number, stdout: RegExp, stderr: RegExp): Promise<void> {
		await using ended = run;
		assert.equal(ended.exitCode, exitCode, ended.stderr);
		assert.match(ended.stdout, stdout);
		assert.match(ended.stderr, stderr);
		assert.ok(!(ended.stdout + ended.stderr).includes(alert24.apiKey));
		assert.doesNotMatch(ended.stderr, /^\s+at /m);
	}

	test('exits with 0 for a deployment that it recorded', async () => {
		const said = /^Recorded: Deployed web-shop @ 5b1e7d20 in "production" \(change [0-9a-f-]{36}\)\n$/;
		await expect(await runProgram([], variables), 0, said, /^$/);
		assert.equal(alert24.sentChanges.at(-1)?.summary, 'Deployed web-shop @ 5b1e7d20');
	});

	test('exits with 0 for a deployment that failed, and records nothing', async () => {
		const count = alert24.changes.length;
		const run = await runProgram([], { ...variables, CI_JOB_STATUS: 'failed' });
		await expect(run, 0, /^Not recorded: the deployment failed; set ALERT24_RECORD_FAILURES=true/, /^$/);
		assert.equal(alert24.requests.length, count);
	});

	test('exits with 2 outside of a CI, and reports everything that is missing at once', async () => {
		const said =
			/neither a GitLab CI\/CD job nor a Bitbucket Pipelines step.*\n.*the environment is not known.*\n.*ALERT24_API_KEY is not set/;
		await expect(await runProgram([], {}), 2, /^$/, said);
	});

	test('exits with 2 without a key, and reports why it may be missing', async () => {
		const run = await runProgram([], { ...variables, ALERT24_API_KEY: '' });
		await expect(run, 2, /^$/, /protected variable reaches only protected branches and tags/);
	});

	test('exits with 2 for an unknown status', async () => {
		const run = await runProgram([], { ...variables, CI_JOB_STATUS: 'dropped' });
		await expect(run, 2, /^$/, /unknown CI_JOB_STATUS "dropped": nothing is recorded/);
	});

	test('exits with 3 for a value that the schema rejects', async () => {
		const run = await runProgram([], { ...variables, ALERT24_RISK_LEVEL: 'severe' });
		const said =
			/^alert24-notify: risk_level must be one of low, medium, high, critical; got "severe" \(from ALERT24_RISK_LEVEL\)\n$/;
		await expect(run, 3, /^$/, said);
	});

	test('exits with 4 if Alert24 rejects the change, with its message, the request id and the remedy', async () => {
		const run = await runProgram([], { ...variables, ALERT24_API_KEY: alert24.readOnlyKey });
		const said =
			/NOT RECORDED: .*Alert24 answered 403 \(authorization_error: "API key missing required scope: write"\): the key needs the scope write \(1 attempt, request id req_[\w-]+\)\n.*replay alert24-undelivered\n$/;
		await expect(run, 4, /^$/, said);
	});

	test('exits with 5 when Alert24 cannot be reached', async () => {
		const run = await runProgram([], { ...variables, ALERT24_API_URL: await makeRefusingUrl(), ALERT24_TIMEOUT: '4' });
		const said =
			/NOT RECORDED: .*the connection to 127\.0\.0\.1:\d+ was refused \(ECONNREFUSED\).*\n.*replay alert24-undelivered\n$/;
		await expect(run, 5, /^$/, said);
	});

	test('exits with the worst code of several services and tries all of them', async () => {
		await using strict = await startAlert24({ services: ['svc_1', 'svc_3'] });
		const run = await runProgram([], {
			...variables,
			ALERT24_API_KEY: strict.apiKey,
			ALERT24_API_URL: strict.url,
			ALERT24_SERVICE_ID: 'svc_1,svc_2,svc_3',
		});
		await expect(
			run,
			4,
			/^Recorded: .*"svc_1".*\nRecorded: .*"svc_3".*\n$/,
			/NOT RECORDED: .*"svc_2": Alert24 answered 404/,
		);
		assert.deepEqual(strict.changes.map((change) => change['service_id']).sort(), ['svc_1', 'svc_3']);
	});

	test('sends bytes that are not UTF-8 as replacement characters', async () => {
		// An environment can hold any byte but NUL; node:child_process cannot pass all of them, so a shell makes it.
		const script = `CI_COMMIT_BRANCH="$(printf 'a\\377b')" exec "$0" "$1"`;
		const bundle = fileURLToPath(new URL('../dist/alert24-notify.js', import.meta.url));
		await promisify(execFile)('/bin/sh', ['-c', script, process.execPath, bundle], { env: variables });
		assert.equal(alert24.sentChanges.at(-1)?.['branch'], 'a\ufffdb');
	});

	test('exits with 1 if its result cannot be written', { skip: !existsSync('/dev/full') }, async () => {
		const bundle = fileURLToPath(new URL('../dist/alert24-notify.js', import.meta.url));
		const script = '"$0" "$1" schema >/dev/full';
		await assert.rejects(promisify(execFile)('/bin/sh', ['-c', script, process.execPath, bundle], { env: {} }), {
			code: 1,
			stderr: 'alert24-notify: the result could not be written (ENOSPC)\n',
		});
	});

	test('succeeds although nobody reads its result', async () => {
		const bundle = fileURLToPath(new URL('../dist/alert24-notify.js', import.meta.url));
		const script = '{ "$0" "$1" schema; echo "$?" >&2; } | true';
		const { stderr } = await promisify(execFile)('/bin/sh', ['-c', script, process.execPath, bundle], { env: {} });
		assert.equal(stderr, '0\n');
	});

	test('ends although nobody reads its result from an open pipe', async () => {
		const many = Array.from({ length: 2000 }, (_, index) => `svc_${index}`).join(',');
		const pipeline = '"$0" "$1" --dry-run --service-id "$2"; echo "$?" >&2';
		const child = spawn(
			'/bin/sh',
			['-c', pipeline, process.execPath, fileURLToPath(new URL('../dist/alert24-notify.js', import.meta.url)), many],
			{ env: variables },
		);
		const stderr: Buffer[] = [];
		child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
		const closed = once(child, 'close');
		await once(child, 'exit');
		child.stdout.destroy();
		await closed;
		assert.equal(Buffer.concat(stderr).toString(), '1\n');
	});

	test('keeps the changes of several commands that fail at the same time in one folder', async () => {
		const directory = mkdtempSync(join(tmpdir(), 'alert24-at-once-'));
		const ids = ['1', '2', '3', '4'];
		await Promise.all(
			ids.map((id) =>
				runProgram([], { ...variables, ALERT24_API_KEY: alert24.readOnlyKey, CI_JOB_ID: id }, { cwd: directory }),
			),
		);
		const outbox = new FolderOutbox(join(directory, 'alert24-undelivered'), { date: Date.now });
		assert.deepEqual(outbox.loadFolder(), []);
		const ofJob = (id: string) => `gitlab:gitlab.com:4711:job:${id}:production`;
		assert.deepEqual(outbox.waiting.map(({ change }) => change.external_id).sort(), ids.map(ofJob));
		rmSync(directory, { recursive: true });
	});
});
