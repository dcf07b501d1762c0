import assert from 'node:assert/strict';
import { after, suite, test } from 'node:test';
import { parseUndelivered } from '../../src/outbox/undelivered-change.ts';
import type { Fault } from '../../stand-in/alert24-faults.ts';
import { type Alert24StandIn, startAlert24 } from '../../stand-in/alert24-stand-in.ts';
import { makeRefusingUrl } from '../../stand-in/unreachable.ts';
import { hookChange, hookJob, runHook, shellOf } from '../support/run-hook.ts';
import { Toolbox, toolboxKinds, whyWithoutTools } from '../support/toolbox.ts';

const externalId = 'gitlab:gitlab.com:4711:job:903311:production:svc_1';

suite('the delivery', { concurrency: 3, skip: whyWithoutTools }, () => {
	for (const kind of toolboxKinds) {
		suite(`with ${kind}`, { concurrency: 1 }, () => {
			const toolbox = new Toolbox(kind);
			after(() => toolbox[Symbol.dispose]());

			async function record(alert24: Alert24StandIn, more: Record<string, string> = {}) {
				toolbox.takePauses();
				const variables = { ...hookJob, ALERT24_API_KEY: alert24.apiKey, ALERT24_API_URL: alert24.url, ...more };
				const run = await runHook(variables, { shell: shellOf[kind], path: toolbox.path });
				assert.ok(!`${run.stdout}${run.stderr}`.includes(alert24.apiKey));
				assert.equal(run.exitCode, 0);
				return run;
			}

			test('records a change for each service, with the same idempotency key on every attempt', async () => {
				await using alert24 = await startAlert24();
				alert24.failWith({ kind: 'status', status: 503 });
				const { stdout, stderr } = await record(alert24, { ALERT24_SERVICE_ID: 'svc_1, svc_2' });
				assert.equal(stderr, '');
				const lines = alert24.changes.map(
					({ id, service_id }) => `Recorded: ${hookChange.replace('svc_1', String(service_id))} (change ${id})`,
				);
				assert.deepEqual(stdout.trimEnd().split('\n').sort(), lines.sort());
				const keys = alert24.posts.map(({ headers }) => String(headers['idempotency-key']));
				assert.equal(keys.length, 3);
				assert.equal(new Set(keys).size, 2);
				assert.ok(
					keys.every((key) => /^gitlab:.*:svc_[12]:[0-9a-f]{8}$/.test(key)),
					keys.join(),
				);
				assert.ok(keys.some((key) => key.startsWith(`${externalId}:`)));
				assert.deepEqual(alert24.strays, []);
			});

			test('sends long texts of any characters whole', async () => {
				await using alert24 = await startAlert24();
				const long = { ALERT24_DESCRIPTION: '🚀"\\'.repeat(3000), CI_COMMIT_MESSAGE: '\u0001\\n*é'.repeat(2500) };
				await record(alert24, long);
				assert.equal(alert24.sentChanges[0]?.['commit_message'], `${long.CI_COMMIT_MESSAGE.slice(0, 9999)}…`);
			});

			test('retries with growing pauses until the budget is used up, and prints a line that replay accepts', async () => {
				await using alert24 = await startAlert24();
				alert24.failAlways({ kind: 'status', status: 500 });
				const { stdout, stderr } = await record(alert24);
				assert.equal(stdout, '');
				const [words = '', line = ''] = stderr.split('\n');
				const [, attempts] = /; the time of ALERT24_TIMEOUT is used up \((\d+) attempts, request id /.exec(words) ?? [];
				assert.ok(words.startsWith(`NOT RECORDED: ${hookChange}: Alert24 answered 500`), stderr);
				assert.equal(alert24.posts.length, Number(attempts));
				const pauses = toolbox.takePauses();
				for (const [index, pause] of pauses.entries()) {
					assert.equal(pause, Math.min(2 ** index, 16));
				}
				const total = pauses.reduce((sum, pause) => sum + pause, 0);
				assert.ok(total > 40 && total < 60, String(pauses));
				const content = parseUndelivered(line);
				assert.ok(content.kind === 'change', JSON.stringify(content));
				assert.equal(content.entry.change.external_id, externalId);
			});

			test('sends the key to nobody after a redirect', async () => {
				await using other = await startAlert24();
				await using alert24 = await startAlert24();
				for (const status of [301, 307]) {
					const fault: Fault = { kind: 'redirect', to: new URL(`${other.url}/api/v1/changes`), status };
					alert24.failAlways(fault);
					alert24.failListsAlways(fault);
					const { stderr } = await record(alert24);
					assert.match(stderr, new RegExp(`Alert24 answered ${status}: a redirect, which is not followed`));
				}
				assert.ok(other.requests.every(({ headers }) => headers.authorization === undefined));
				assert.deepEqual([...other.changes, ...alert24.changes], []);
			});

			test('reports that nobody answers', async () => {
				const variables = { ...hookJob, ALERT24_API_KEY: 'ak_live_12345678', ALERT24_API_URL: await makeRefusingUrl() };
				const { stderr } = await runHook(variables, { shell: shellOf[kind], path: toolbox.path });
				assert.match(
					stderr,
					new RegExp(`^NOT (RECORDED|CONFIRMED): ${hookChange}: the connection failed \\(.*\\(\\d+ attempts`),
				);
			});

			// busybox shows no headers of an error.
			const isBlind = kind === 'busybox';
			test('keeps to Retry-After in seconds, and gives up if it exceeds the budget', { skip: isBlind }, async () => {
				for (const [seconds, pauses] of [
					['2', [2]],
					['600', []],
				] as const) {
					await using alert24 = await startAlert24();
					alert24.failWith({ kind: 'status', status: 429, headers: { 'Retry-After': seconds } });
					const { stdout, stderr } = await record(alert24);
					if (pauses.length > 0) assert.match(stdout, /^Recorded: /);
					else assert.match(stderr, / and asks to wait 600 s, but only \d\d s are left \(1 attempt, /);
					assert.deepEqual(toolbox.takePauses(), pauses);
				}
			});

			for (const [name, fault] of [
				['a page of HTML', { kind: 'status', status: 200, body: 'html', isForeign: true }],
				['a failure in JSON', { kind: 'status', status: 200, body: { json: { success: false } } }],
				['an empty answer', { kind: 'status', status: 204, body: 'empty', isForeign: true }],
				['nested data', { kind: 'status', status: 200, body: { json: { x: { data: 1 } } }, isForeign: true }],
				[
					'no JSON',
					{ kind: 'status', status: 200, body: { text: 'x "data": 1', type: 'text/plain' }, isForeign: true },
				],
			] satisfies [string, Fault][]) {
				test(`takes ${name} with 2xx for no record`, async () => {
					await using alert24 = await startAlert24();
					alert24.failAlways({ ...fault, recordsFirst: false } as Fault);
					const { stdout, stderr } = await record(alert24);
					assert.equal(stdout, '');
					assert.match(stderr, /^NOT CONFIRMED: .*: the answer 20\d does not confirm the change: a/);
					assert.equal(alert24.posts.length, 1);
				});
			}

			for (const [name, fault] of [
				[
					'data without a request id',
					{ kind: 'status', status: 201, body: { json: { data: { id: 'x 1' } } }, isForeign: true },
				],
				[
					'a tag called error',
					{ kind: 'status', status: 201, body: { json: { data: { id: 'x 1', tags: ['error'] } } } },
				],
				['a request id without a body', { kind: 'status', status: 202, body: 'empty' }],
				['more than it reads, with a request id', { kind: 'status', status: 201, body: 'huge' }],
			] satisfies [string, Fault][]) {
				test(`takes ${name} for a record`, async () => {
					await using alert24 = await startAlert24();
					alert24.failAlways(fault);
					assert.match(
						(await record(alert24)).stdout,
						new RegExp(`^Recorded: ${hookChange}( \\(change (x 1|chg_1)\\))?\n$`),
					);
				});
			}
		});
	}
});
