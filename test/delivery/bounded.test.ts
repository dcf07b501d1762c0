import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import type { Fault } from '../../stand-in/alert24-faults.ts';
import { type Alert24StandIn, startAlert24 } from '../../stand-in/alert24-stand-in.ts';
import { certificates } from '../../stand-in/certificates.ts';
import { startHttpProxy } from '../../stand-in/http-proxy.ts';
import { readUndelivered } from '../support/delivery-trial.ts';
import { gitlabJob } from '../support/run-in-process.ts';
import { type ProgramRun, runProgram } from '../support/run-program.ts';

const directory = await mkdtemp(join(tmpdir(), 'alert24-bounded-'));
after(() => rmSync(directory, { recursive: true }));

const mebibyte = 1024 * 1024;
// Far more than the second of the budget, for a busy machine, and far less than the default budget.
const longestRunMs = 15_000;
const { good: tls, caFile } = await certificates();
const host = 'api.corp.example';

function variablesFor(alert24: Alert24StandIn, more: Record<string, string> = {}): Record<string, string> {
	return {
		...gitlabJob,
		ALERT24_ENVIRONMENT: 'production',
		ALERT24_API_KEY: alert24.apiKey,
		ALERT24_API_URL: alert24.url,
		ALERT24_VERBOSE: 'true',
		...more,
	};
}

/** Asserts that a run without a record kept the change and printed nothing on stdout. */
function assertKept(run: ProgramRun, alert24: Alert24StandIn): void {
	const kept = JSON.stringify(readUndelivered(join(run.cwd, 'alert24-undelivered')));
	assert.equal(JSON.parse(kept).length, 1);
	assert.equal(run.stdout, '');
	const { CI_JOB_TOKEN } = gitlabJob;
	for (const text of [run.stderr, kept]) assert.ok(!text.includes(alert24.apiKey) && !text.includes(CI_JOB_TOKEN));
}

suite('the budget holds, to the end of the process,', { concurrency: 4 }, () => {
	const never = { recordsFirst: false } as const;
	const cases: Record<string, Fault> = {
		'with a server that never answers': { kind: 'silence', ...never },
		'with headers only': { kind: 'headers-only', ...never },
		'with a head that comes byte by byte': { kind: 'trickle', part: 'head', intervalMs: 100, ...never },
		'with a body that comes byte by byte': { kind: 'trickle', part: 'body', intervalMs: 100, ...never },
		'with a head that does not end': { kind: 'endless', part: 'head', ...never },
		'with a body that does not end': { kind: 'endless', part: 'body', ...never },
		'with redirects that do not end': { kind: 'redirect', to: 'endless' },
	};
	for (const [name, fault] of Object.entries(cases)) {
		test(name, async () => {
			await using alert24 = await startAlert24();
			alert24.failAlways(fault);
			alert24.failListsAlways(fault);
			const variables = variablesFor(alert24, { ALERT24_TIMEOUT: fault.kind === 'redirect' ? '10' : '1' });
			await using run = await runProgram([], variables, { measuresMemory: true });
			assert.equal(run.exitCode, fault.kind === 'redirect' ? 4 : 5, run.stderr);
			assert.ok(run.durationMs < longestRunMs, `${run.durationMs} ms`);
			assert.ok((run.peakMemoryBytes ?? Number.NaN) < 160 * mebibyte, `${run.peakMemoryBytes} bytes`);
			assert.equal(alert24.changes.length, 0);
			assertKept(run, alert24);
		});
	}

	test('with a proxy that never opens the tunnel', async () => {
		await using alert24 = await startAlert24({ tls });
		await using proxy = await startHttpProxy({ refuse: 'silence' });
		const more = { ALERT24_TIMEOUT: '1', HTTPS_PROXY: proxy.url, ALERT24_API_URL: `https://${host}` };
		await using run = await runProgram([], variablesFor(alert24, more));
		assert.equal(run.exitCode, 5, run.stderr);
		assert.ok(run.durationMs < longestRunMs, `${run.durationMs} ms`);
		assertKept(run, alert24);
	});

	test('with a name server that does not answer, although Node cannot end a DNS lookup', async () => {
		await using alert24 = await startAlert24();
		const more = { ALERT24_TIMEOUT: '1', ALERT24_API_URL: 'https://alert24.invalid', UV_THREADPOOL_SIZE: '1' };
		// The only thread that could look up a name waits for somebody to write to a pipe.
		const pipe = join(directory, 'pipe');
		execFileSync('sh', ['-c', 'mkfifo "$0"', pipe]);
		const source = `import { open } from 'node:fs'; open(${JSON.stringify(pipe)}, 'r', () => undefined);`;
		const nodeOptions = ['--import', `data:text/javascript,${encodeURIComponent(source)}`];
		await using run = await runProgram([], variablesFor(alert24, more), { nodeOptions });
		assert.equal(run.exitCode, 5, run.stderr);
		assert.ok(run.durationMs < longestRunMs, `${run.durationMs} ms`);
		assert.match(run.stderr, /NOT RECORDED: .*no connection within 0(\.\d)? s/);
		assertKept(run, alert24);
	});
});

suite('a signal ends the command at once,', { concurrency: 4 }, () => {
	for (const signal of ['SIGTERM', 'SIGINT'] as const) {
		test(`${signal} during an attempt, and what may be recorded is kept`, async () => {
			await using alert24 = await startAlert24();
			alert24.failAlways({ kind: 'silence' });
			const interrupt = { signal, when: alert24.nthRequest(1) };
			await using run = await runProgram([], variablesFor(alert24), { interrupt });
			assert.equal(run.exitCode, 5, run.stderr);
			assert.ok(run.durationMs < longestRunMs, `${run.durationMs} ms`);
			assert.match(run.stderr, /NOT CONFIRMED: .*: interrupted by a signal \(1 attempt/);
			assertKept(run, alert24);
		});

		test(`${signal} while it waits between attempts`, async () => {
			await using alert24 = await startAlert24();
			alert24.failAlways({ kind: 'status', status: 429, headers: { 'Retry-After': '30' } });
			const interrupt = { signal, when: /next attempt in/ };
			await using run = await runProgram([], variablesFor(alert24), { interrupt });
			assert.equal(run.exitCode, 5, run.stderr);
			assert.ok(run.durationMs < longestRunMs, `${run.durationMs} ms`);
			assert.match(run.stderr, /NOT RECORDED: .*interrupted by a signal; before: Alert24 answered 429/);
			assertKept(run, alert24);
		});
	}

	test('also while a proxy is silent', async () => {
		await using alert24 = await startAlert24({ tls });
		await using proxy = await startHttpProxy({ refuse: 'silence' });
		const asked = Promise.withResolvers<void>();
		const poll = setInterval(() => proxy.requests.length > 0 && asked.resolve(), 10);
		const variables = variablesFor(alert24, { HTTPS_PROXY: proxy.url, ALERT24_API_URL: `https://${host}` });
		await using run = await runProgram([], variables, { interrupt: { signal: 'SIGTERM', when: asked.promise } });
		clearInterval(poll);
		assert.equal(run.exitCode, 5, run.stderr);
		assert.ok(run.durationMs < longestRunMs, `${run.durationMs} ms`);
		assertKept(run, alert24);
	});
});

suite('the process', { concurrency: true }, () => {
	test('shows the key neither in its title nor among its arguments', async () => {
		await using alert24 = await startAlert24();
		const path = join(directory, 'shown');
		const source = `import { readFileSync, writeFileSync } from 'node:fs';
			process.on('exit', () => writeFileSync(${JSON.stringify(path)}, process.title + readFileSync('/proc/self/cmdline')));`;
		const nodeOptions = ['--import', `data:text/javascript,${encodeURIComponent(source)}`];
		await using run = await runProgram([], variablesFor(alert24), { nodeOptions });
		assert.equal(run.exitCode, 0, run.stderr);
		const shown = readFileSync(path, 'utf8');
		assert.match(shown, /alert24-notify\.js/);
		assert.ok(!shown.includes(alert24.apiKey) && !shown.includes(gitlabJob.CI_JOB_TOKEN));
		assert.equal(readUndelivered(join(run.cwd, 'alert24-undelivered')).length, 0);
	});

	for (const name of ['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE']) {
		test(`trusts the private authority that ${name} names`, async () => {
			await using alert24 = await startAlert24({ tls });
			await using run = await runProgram([], variablesFor(alert24, { [name]: caFile }));
			assert.equal(run.exitCode, 0, run.stderr);
			assert.equal(alert24.changes.length, 1);
		});
	}
});
