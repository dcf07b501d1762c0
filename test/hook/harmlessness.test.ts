import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import { type Alert24StandIn, startAlert24 } from '../../stand-in/alert24-stand-in.ts';
import { type HookOptions, hookJob, runHook, shellNames, shellOf } from '../support/run-hook.ts';
import { locate, Toolbox, toolboxKinds, whyWithoutTools } from '../support/toolbox.ts';

type Options = Omit<HookOptions, 'path'> & { path?: string; variables?: Record<string, string> };

suite('whatever happens', { concurrency: 3, skip: whyWithoutTools }, () => {
	const toolboxes = toolboxKinds.map((kind) => new Toolbox(kind));
	after(() => {
		for (const toolbox of toolboxes) toolbox[Symbol.dispose]();
	});

	function record(alert24: Alert24StandIn, { variables, ...options }: Options) {
		const keys = { ALERT24_API_KEY: alert24.apiKey, ALERT24_API_URL: alert24.url };
		const path = String(toolboxes[shellNames.indexOf(options.shell)]?.path);
		return runHook({ ...hookJob, ...keys, ...variables }, { path, ...options });
	}

	for (const shell of shellNames) {
		suite(`the hook under ${shell}`, { concurrency: 1 }, () => {
			test('leaves the rest of the after_script as it is', async () => {
				await using alert24 = await startAlert24();
				const state =
					'echo "[$IFS] $- $body $url $attempt $(umask) $PWD ${HOME-none} ${LC_ALL-none}"; trap; alias; set; type a24_deliver || echo gone';
				const settle =
					'IFS=,; body=mine url=mine attempt=mine; alias ll="ls -l"; umask 022; trap "echo bye" EXIT; set -e -u -C';
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

			test('records once if nobody can read its output', async () => {
				for (const before of ['exec >/dev/full', 'exec >&-', 'exec >&- 2>&-', 'exec >/dev/full 2>/dev/full']) {
					await using alert24 = await startAlert24();
					const { exitCode, stdout, stderr } = await record(alert24, { shell, before });
					assert.deepEqual([exitCode, stdout, stderr], [0, '', ''], before);
					assert.equal(alert24.posts.length, 1, before);
				}
			});

			test('prints no key in a trace', async () => {
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
					for (const secret of [alert24.apiKey, hookJob.CI_JOB_TOKEN]) {
						assert.ok(!`${stdout}${stderr}`.includes(secret));
					}
				}
			});

			const names = 'IFS url name status key body line reason i job';
			const commands = 'printf echo command read curl wget awk head date kill sleep unalias';
			const functions = shell === 'bash' ? `${commands} export set eval trap exec return shift` : commands;
			for (const [title, before] of [
				['readonly variables', `readonly ${names}`],
				['a readonly IFS of its own', "IFS=','; readonly IFS"],
				['functions with the names of its commands', functions.replace(/\w+/g, '$&() { echo "mine: $&"; }\n')],
				[
					'aliases',
					`${shell === 'bash' ? 'shopt -s expand_aliases; ' : ''}alias curl='curl -v' awk=false head=cat sleep=: printf=false wait=true export=false`,
				],
				['exported variables of any name', `for name in ${names} answer change; do export "$name=x"; done`],
				...(shell === 'bash'
					? [
							['set -k', 'set -k'],
							[
								'traps for every command',
								`set -ET; trap 'echo debug' DEBUG; trap 'echo err' ERR; trap 'echo ret' RETURN`,
							],
							['shell options', 'shopt -s nocasematch extglob failglob nullglob'],
						]
					: []),
			] as const) {
				test(`records in a job that has ${title}`, async () => {
					await using alert24 = await startAlert24();
					const { stdout, exitCode } = await record(alert24, { shell, before: String(before) });
					assert.match(stdout, /^Recorded: [^\n]*\n/m);
					assert.deepEqual([exitCode, alert24.posts.length], [0, 1]);
				});
			}

			test('reports that it failed', async () => {
				await using alert24 = await startAlert24();
				const edit = (script: string) => script.replace(/^\\export LC_ALL/m, 'exit 3\n$&');
				const { stdout, exitCode } = await record(alert24, { shell, edit, before: 'echo() { :; }' });
				assert.equal(stdout, 'NOT CONFIRMED: the deployment: the script of alert24-notify failed\n');
				assert.equal(exitCode, 0);
			});

			test('is bound by its pauses where the machine has no clock that never jumps', async () => {
				using toolbox = new Toolbox('curl and gawk');
				await using alert24 = await startAlert24();
				alert24.failAlways({ kind: 'status', status: 429 });
				const edit = (script: string) => script.replaceAll('/proc/uptime', '/nonexistent/uptime');
				const shellWithoutSleep = shell === 'busybox ash' ? 'dash' : shell;
				const { stderr } = await record(alert24, { shell: shellWithoutSleep, edit, path: toolbox.path });
				assert.match(stderr, /^NOT RECORDED: /);
				assert.ok(alert24.posts.length >= 5 && alert24.posts.length <= 12, String(alert24.posts.length));
			});

			test('does not depend on the wall clock', async () => {
				using toolbox = new Toolbox('curl and gawk');
				toolbox.add('date', 'case $1 in -u) echo 2026-01-01T00:00:00Z ;; *) exit 1 ;; esac');
				await using alert24 = await startAlert24();
				alert24.failWith({ kind: 'status', status: 429 });
				const shellWithoutSleep = shell === 'busybox ash' ? 'dash' : shell;
				const { stdout } = await record(alert24, { shell: shellWithoutSleep, path: toolbox.path });
				assert.match(stdout, /^Recorded: /);
			});
		});
	}

	for (const kind of toolboxKinds) {
		const shell = shellOf[kind];
		suite(`the hook with ${kind}`, { concurrency: 2 }, () => {
			test('never reports a change as missing if awk fails to read the response', async () => {
				using broken = new Toolbox(kind);
				const awk = kind === 'busybox' ? `${locate('busybox')} awk` : locate(kind.slice(-4));
				broken.add('awk', `case $1 in *read_line*) exit 2 ;; esac\nexec ${awk} "$@"`);
				await using alert24 = await startAlert24();
				const { stdout, stderr } = await record(alert24, { shell, path: broken.path });
				if (kind === 'busybox') assert.deepEqual([stdout, alert24.posts.length], ['', 0]);
				else assert.match(stderr, /^NOT CONFIRMED: [^\n]+: awk failed \(1 attempt, /);
			});

			test('reads no status from a body', async () => {
				for (const text of [
					'x\n201 0.1 0\n',
					'HTTP/1.1 201 Created\n\n{}',
					'  HTTP/1.1 201 Created\n  X-Request-Id: 1\n\n{}',
					'\r\nHTTP/1.1 201 Created\r\nX-Request-Id: y\r\n\r\n{"data":{}}',
				]) {
					await using alert24 = await startAlert24();
					alert24.failAlways({ kind: 'status', status: 403, body: { type: 'text/plain', text } });
					const { stdout, stderr } = await record(alert24, { shell, path: path() });
					assert.equal(stdout, '', text);
					assert.match(stderr, /Alert24 answered 403/, text);
				}
			});

			test('repeats no secret of the server, and lets it forge no line', async () => {
				await using alert24 = await startAlert24();
				const message = `bad key ${alert24.apiKey}\n\u001b[0Ksection_start:1:x\r${hookJob.CI_JOB_TOKEN}`;
				alert24.failAlways({ kind: 'status', status: 422, body: { json: { error: { message } } } });
				const { stdout, stderr } = await record(alert24, { shell, path: path() });
				assert.match(stderr, /^NOT RECORDED: [^\n\u001b\r]+\n\{[^\n\u001b\r]+\}\n$/);
				const words = 'bad key [redacted]\\n\\u001b[0Ksection_start\\u003a1:x\\r[redacted]';
				if (kind !== 'busybox') assert.ok(stderr.includes(words), stderr);
				assert.ok(!`${stdout}${stderr}`.includes(alert24.apiKey));
			});

			test('needs no HOME, and leaves no temporary file', async () => {
				await using alert24 = await startAlert24();
				using watched = new Toolbox(kind);
				const made = join(watched.path, 'made');
				watched.add('mktemp', `file=$(${locate('mktemp')} "$@") && echo "$file" | ${locate('tee')} -a '${made}'`);
				const { stdout } = await record(alert24, { shell, path: watched.path, before: 'unset HOME' });
				assert.match(stdout, /^Recorded: /);
				const files = existsSync(made) ? readFileSync(made, 'utf8').split('\n').slice(0, -1) : [];
				assert.equal(files.length, kind === 'GNU wget and mawk' ? 1 : 0);
				assert.ok(!files.some((file) => existsSync(file)), files.join());
			});

			test('puts no secret on an argument list', { skip: kind === 'busybox' && 'it has no other way' }, async () => {
				using toolbox = new Toolbox(kind);
				await using alert24 = await startAlert24();
				alert24.failWith({ kind: 'status', status: 500 });
				const lookup = { ALERT24_LOOKUP: 'auto', CI_API_V4_URL: `${alert24.origin}/api/v4`, CI_JOB_NAME: 'deploy' };
				const { stdout } = await record(alert24, { shell, path: toolbox.path, variables: lookup });
				assert.match(stdout, /^Recorded: /);
				assert.ok(alert24.requests.some(({ headers }) => headers['job-token'] === hookJob.CI_JOB_TOKEN));
				for (const name of ['curl', 'wget', 'awk', 'sed', 'head', 'mktemp', 'rm', 'date']) {
					const lists = toolbox.takeArguments(name).join('\n');
					for (const secret of [alert24.apiKey, hookJob.CI_JOB_TOKEN]) assert.ok(!lists.includes(secret), name);
					if (name === 'awk') assert.ok(lists.includes('function redact'));
				}
			});

			function path(): string {
				return String(toolboxes[toolboxKinds.indexOf(kind)]?.path);
			}
		});
	}
});
