import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import type { Fault } from '../../stand-in/alert24-faults.ts';
import { type Alert24StandIn, startAlert24 } from '../../stand-in/alert24-stand-in.ts';
import { type HookOptions, runHook, type Shell, shellNames } from '../support/run-hook.ts';
import { gitlabJob } from '../support/run-in-process.ts';
import { locate, Toolbox, type ToolboxKind, toolboxKinds, whyWithoutTools } from '../support/toolbox.ts';

const job = { ...gitlabJob, CI_JOB_STATUS: 'success', CI_ENVIRONMENT_NAME: 'production', ALERT24_LOOKUP: 'off' };

// What takes an awk long that copies or counts a text for each of its characters.
const slowBodies = {
	'lists in lists': `${'['.repeat(36_000)}${'1,'.repeat(12_000)}`,
	'escaped newlines': `{"error":"${'\\n'.repeat(900_000)}"}`,
	'escaped quotes': `{"error":"${'\\"'.repeat(900_000)}"}`,
	backslashes: `{"error":"${'\\'.repeat(1_800_000)}"}`,
	quotes: `{${'"'.repeat(1_800_000)}`,
	'one long word': `{"error":${'x'.repeat(1_800_000)}`,
	'a long word of many lines': `{"error":\n${'x\n'.repeat(900_000)}`,
	'a page': `<html>${'x'.repeat(300_000)}`,
	'long texts': `{"data":[${Array.from({ length: 18 }, () => `{"external_id":"${'\\u0041'.repeat(16_000)}"}`).join()}]}`,
};

describe('whatever happens', { concurrency: 3, skip: whyWithoutTools }, () => {
	for (const [index, kind] of toolboxKinds.entries()) {
		describe(`with ${kind} the hook`, { concurrency: 2, skip: whyWithoutTools }, () => {
			const toolbox = new Toolbox(kind);
			after(() => toolbox[Symbol.dispose]());

			for (const shell of shellNames) {
				it(`leaves the rest of the after_script as it is, under ${shell}`, async () => {
					await using alert24 = await startAlert24();
					const state =
						'echo "[$IFS] $- $body $url $attempt $(umask) $PWD ${HOME-none} ${LC_ALL-none}"; trap; set; type record_deployment || echo gone';
					const settle = 'IFS=,; body=mine url=mine attempt=mine; umask 022; trap "echo bye" EXIT; set -e -u -C';
					const hidden = /^(_|BASH_\w+|LINENO|OPTIND|PIPESTATUS|PPID|RANDOM|SRANDOM|EPOCH\w+|SECONDS|FUNCNAME)=.*\n/gm;
					const { stdout, exitCode, files } = await record(alert24, {
						shell,
						before: `${settle}; ${state}; echo ---`,
						after: `echo ---; ${state}`,
					});
					const [before, recorded, afterwards] = stdout.replace(/^bye\n/m, '').split('---\n');
					assert.match(recorded ?? '', /^Recorded: [^\n]*\n$/);
					assert.equal(afterwards?.replace(hidden, ''), before?.replace(hidden, ''));
					assert.match(before ?? '', /gone\n$/);
					assert.deepEqual([exitCode, files], [0, []]);
				});

				it(`records once where nobody can hear it, under ${shell}`, async () => {
					for (const before of ['exec >/dev/full', 'exec >&-', 'exec >&- 2>&-', 'exec >/dev/full 2>/dev/full']) {
						await using alert24 = await startAlert24();
						const { exitCode, stdout, stderr } = await record(alert24, { shell, before });
						assert.deepEqual([exitCode, stdout, stderr], [0, '', ''], before);
						assert.equal(alert24.posts.length, 1, before);
					}
				});

				it(`shows the key to no trace, under ${shell}`, async () => {
					await using alert24 = await startAlert24();
					for (const tracing of [
						{ before: 'set -x' },
						{ before: 'set -v -x' },
						{ shellOptions: ['-x'] },
						{ variables: { SHELLOPTS: 'xtrace' } },
						{ before: 'set -a' },
					]) {
						const { stdout, stderr } = await record(alert24, { shell, ...tracing });
						assert.match(stdout, /^Recorded: /m);
						for (const secret of [alert24.apiKey, job.CI_JOB_TOKEN]) assert.ok(!`${stdout}${stderr}`.includes(secret));
					}
				});
			}

			const shell = shellNames[index] as Shell;

			it('ends in time, green, whatever the server does', async () => {
				const faults: Fault[] = [
					{ kind: 'silence' },
					{ kind: 'headers-only', status: 500 },
					{ kind: 'trickle', part: 'head', status: 500, intervalMs: 200 },
					{ kind: 'trickle', part: 'body', status: 500, intervalMs: 200 },
					{ kind: 'endless', part: 'head', status: 500 },
					{ kind: 'endless', part: 'body', status: 500 },
					{ kind: 'not-http' },
				];
				using slow = new Toolbox(kind);
				const ends = faults.map(async (fault) => {
					await using alert24 = await startAlert24();
					alert24.failAlways(fault);
					alert24.failListsAlways(fault);
					const { exitCode, stdout, stderr, durationMs } = await record(alert24, {
						shell,
						path: slow.path,
						variables: { ALERT24_TIMEOUT: '4' },
					});
					assert.deepEqual([exitCode, stdout], [0, ''], fault.kind);
					assert.match(stderr, /^alert24-notify: could not record [^\n]+\n$/, fault.kind);
					assert.ok(durationMs < 6000, `${JSON.stringify(fault)} took ${durationMs} ms`);
				});
				await Promise.all(ends);
			});

			it('reads in time whatever the server answers', async () => {
				for (const [name, text] of Object.entries(slowBodies)) {
					await using alert24 = await startAlert24();
					const body = { type: 'application/json', text };
					// It looks once between the two answers.
					alert24.failWith({ kind: 'status', status: 500, body });
					alert24.failAlways({ kind: 'status', status: 400, body });
					alert24.failListsAlways({ kind: 'status', status: 200, body });
					const { stdout, stderr, durationMs } = await record(alert24, { shell, variables: { ALERT24_TIMEOUT: '12' } });
					assert.equal(stdout, '', name);
					assert.match(stderr, /^alert24-notify: could not record [^\n]+ answered 400[^\n]*\n$/, name);
					assert.ok(durationMs < 12_000, `${name} took ${durationMs} ms`);
				}
			});

			it('takes no status from a body', async () => {
				for (const text of [
					'x\nALERT24 201\n',
					'HTTP/1.1 201 Created\n\n{}',
					'  HTTP/1.1 201 Created\n\n{}',
					'\r\nHTTP/1.1 201 Created\r\nX: y\r\n\r\n{}',
				]) {
					await using alert24 = await startAlert24();
					alert24.failAlways({ kind: 'status', status: 403, body: { type: 'text/plain', text } });
					const { stdout, stderr } = await record(alert24, { shell });
					assert.equal(stdout, '', text);
					assert.match(stderr, /because Alert24 answered 403/, text);
				}
			});

			it('repeats no secret that the server repeats, and lets it forge no line', async () => {
				await using alert24 = await startAlert24();
				const message = `bad key ${alert24.apiKey}\n\u001b[0Ksection_start:1:x\r${job.CI_JOB_TOKEN}`;
				alert24.failAlways({ kind: 'status', status: 422, body: { json: { error: { message } } } });
				const { stdout, stderr } = await record(alert24, { shell });
				assert.match(stderr, /^alert24-notify: could not record [^\n\u001b\r]+\n$/);
				if (kind !== 'busybox')
					assert.ok(stderr.includes('bad key [redacted]\\n\\u001b[0Ksection_start\\u003a1:x\\r[redacted]'), stderr);
				assert.ok(!`${stdout}${stderr}`.includes(alert24.apiKey));
			});

			it('has no HOME to need, and leaves no temporary file', async () => {
				await using alert24 = await startAlert24();
				using watched = new Toolbox(kind);
				const made = join(watched.path, 'made');
				watched.add('mktemp', `file=$(${locate('mktemp')} "$1") && echo "$file" | ${locate('tee')} -a '${made}'`);
				const { stdout } = await record(alert24, { shell, path: watched.path, before: 'unset HOME' });
				assert.match(stdout, /^Recorded: /);
				const files = existsSync(made) ? readFileSync(made, 'utf8').split('\n').slice(0, -1) : [];
				assert.equal(files.length, kind === 'GNU wget and mawk' ? 1 : 0);
				assert.ok(!files.some((file) => existsSync(file)), files.join());
			});

			function record(
				alert24: Alert24StandIn,
				options: Omit<HookOptions, 'path'> & { path?: string; variables?: Record<string, string> },
			) {
				const { variables, ...more } = options;
				const environment = { ...job, ALERT24_API_KEY: alert24.apiKey, ALERT24_API_URL: alert24.url, ...variables };
				return runHook(environment, { path: toolbox.path, ...more });
			}
		});
	}
});

for (const kind of ['curl and gawk', 'GNU wget and mawk'] satisfies ToolboxKind[]) {
	describe(`with ${kind} the hook`, { skip: whyWithoutTools }, () => {
		it('puts no secret on an argument list', async () => {
			using toolbox = new Toolbox(kind);
			await using alert24 = await startAlert24();
			alert24.failWith({ kind: 'status', status: 500 });
			const secrets = { ALERT24_API_KEY: alert24.apiKey, CI_JOB_TOKEN: job.CI_JOB_TOKEN };
			const lookup = { ALERT24_LOOKUP: 'auto', CI_API_V4_URL: `${alert24.origin}/api/v4` };
			const { stdout } = await runHook(
				{ ...job, ...lookup, ...secrets, ALERT24_API_URL: alert24.url },
				{ shell: 'dash', path: toolbox.path },
			);
			assert.match(stdout, /^Recorded: /);
			assert.ok(alert24.requests.some(({ headers }) => headers['job-token'] === job.CI_JOB_TOKEN));
			for (const name of ['curl', 'wget', 'awk', 'sed', 'head', 'mktemp', 'rm', 'date']) {
				const lists = toolbox.takeArguments(name).join('\n');
				for (const secret of Object.values(secrets)) assert.ok(!lists.includes(secret), `${name} ${lists}`);
				if (name === 'awk') assert.ok(lists.includes('learn_bytes'));
			}
		});
	});
}
