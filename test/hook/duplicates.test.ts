import assert from 'node:assert/strict';
import { after, suite, test } from 'node:test';
import type { Fault } from '../../stand-in/alert24-faults.ts';
import { type Alert24StandIn, startAlert24 } from '../../stand-in/alert24-stand-in.ts';
import { hookChange, hookJob, runHook, shellOf } from '../support/run-hook.ts';
import { locate, Toolbox, toolboxKinds, whyWithoutTools } from '../support/toolbox.ts';

const externalId = 'gitlab:gitlab.com:4711:job:903311:production:svc_1';

suite('a change that may be recorded', { concurrency: 3, skip: whyWithoutTools }, () => {
	for (const kind of toolboxKinds) {
		suite(`with ${kind}`, { concurrency: 1 }, () => {
			const toolbox = new Toolbox(kind);
			after(() => toolbox[Symbol.dispose]());

			function record(alert24: Alert24StandIn, more: Record<string, string> = {}) {
				const variables = { ...hookJob, ALERT24_API_KEY: alert24.apiKey, ALERT24_API_URL: alert24.url, ...more };
				return runHook(variables, { shell: shellOf[kind], path: toolbox.path });
			}

			test('is found in the list and not sent again', async () => {
				for (const fault of [
					{ kind: 'reset', when: 'after' },
					{ kind: 'status', status: 502, recordsFirst: true },
					{ kind: 'hang-up', recordsFirst: true },
				] satisfies Fault[]) {
					await using alert24 = await startAlert24();
					alert24.failAlways(fault);
					alert24.failListsAlways({ kind: 'cached', copyOf: 0 });
					const { stdout, stderr } = await record(alert24, { CI_ENVIRONMENT_NAME: 'é "x"/1' });
					const change = hookChange.replace('"production"', '"é \\"x\\"/1"');
					assert.equal(stdout, `Already recorded: ${change}\n`, stderr);
					assert.equal(alert24.posts.length, 1);
				}
			});

			test('is sent again if no list can be read, and never reported as missing', async () => {
				for (const [list, word] of [
					[{ json: { data: 'unknown' } }, 'CONFIRMED'],
					[{ text: `{"data":[{"id":"1","summary":"x"},`, type: 'application/json' }, 'CONFIRMED'],
					[{ text: `{"data":[]} <html>`, type: 'application/json' }, 'CONFIRMED'],
					[{ json: { data: [{ id: '1', summary: `{"external_id":"${externalId}"}` }] } }, 'RECORDED'],
				] as const) {
					await using alert24 = await startAlert24();
					alert24.failAlways({ kind: 'status', status: 500 });
					alert24.failListsAlways({ kind: 'status', status: 200, body: list });
					const { stderr } = await record(alert24, { ALERT24_TIMEOUT: '12' });
					assert.ok(stderr.startsWith(`NOT ${word}: ${hookChange}: Alert24 answered 500`), stderr);
					assert.ok(alert24.posts.length > 2);
				}
			});

			test('is searched for first with ALERT24_DEDUPE=always, and never with never', async () => {
				await using alert24 = await startAlert24();
				alert24.failWith({ kind: 'status', status: 502, recordsFirst: true });
				assert.match((await record(alert24, { ALERT24_DEDUPE: 'never' })).stdout, /^Recorded: /);
				assert.equal(alert24.changes.length, 2);
				assert.match((await record(alert24, { ALERT24_DEDUPE: 'always' })).stdout, /^Already recorded: /);
				assert.equal(alert24.changes.length, 2);
			});
		});
	}

	suite('after a timeout', { concurrency: 1 }, () => {
		// The first POST times out as if Alert24 were slow. Every other request is real.
		function makeToolbox(): Toolbox {
			const toolbox = new Toolbox('curl and gawk');
			const first = `${toolbox.path}/first`;
			toolbox.add(
				'curl',
				`settings=$(${locate('cat')})
				case $settings in *data-binary*)
					[ -e '${first}' ] || { : >'${first}'; printf '\\n000 0.1 '; exit 28; } ;;
				esac
				printf '%s' "$settings" | ${locate('curl')} "$@"`,
			);
			return toolbox;
		}

		test('the list must lack it, at least 10 s later, before it is sent again', async () => {
			using toolbox = makeToolbox();
			await using alert24 = await startAlert24();
			const variables = { ...hookJob, ALERT24_API_KEY: alert24.apiKey, ALERT24_API_URL: alert24.url };
			const { stdout, stderr } = await runHook(variables, { shell: 'bash', path: toolbox.path });
			assert.match(stdout, /^Recorded: /, stderr);
			assert.deepEqual(
				alert24.requests.map(({ method }) => method),
				['GET', 'POST'],
			);
			const [pause = 0] = toolbox.takePauses();
			assert.ok(pause >= 10 && pause <= 15, String(pause));
		});

		test('it is retried with pauses that begin anew', async () => {
			using toolbox = makeToolbox();
			await using alert24 = await startAlert24();
			alert24.failWith({ kind: 'status', status: 429 }, { kind: 'status', status: 429 });
			const variables = { ...hookJob, ALERT24_API_KEY: alert24.apiKey, ALERT24_API_URL: alert24.url };
			const { stdout, stderr } = await runHook(variables, { shell: 'bash', path: toolbox.path });
			assert.match(stdout, /^Recorded: /, stderr);
			assert.deepEqual(toolbox.takePauses(), [12, 2, 4]);
		});

		test('it is found if it comes late, and reported as not confirmed if the time is too short to know', async () => {
			await using alert24 = await startAlert24();
			const variables = { ...hookJob, ALERT24_API_KEY: alert24.apiKey, ALERT24_API_URL: alert24.url };
			{
				using toolbox = makeToolbox();
				const run = runHook({ ...variables, ALERT24_TIMEOUT: '10' }, { shell: 'dash', path: toolbox.path });
				const { stderr } = await run;
				const words = 'no complete response within \\d s; the list does not contain the change yet \\(1 attempt, ';
				assert.match(stderr, new RegExp(`^NOT CONFIRMED: ${hookChange}: ${words}`));
			}
			using toolbox = makeToolbox();
			alert24.record({ summary: 'late', environment: 'production', external_id: externalId });
			const { stdout } = await runHook(variables, { shell: 'dash', path: toolbox.path });
			assert.equal(stdout, `Already recorded: ${hookChange}\n`);
			assert.equal(alert24.posts.length, 0);
		});
	});
});
