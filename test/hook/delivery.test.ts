import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import type { Fault } from '../../stand-in/alert24-faults.ts';
import { type Alert24StandIn, startAlert24 } from '../../stand-in/alert24-stand-in.ts';
import { makeRefusingUrl } from '../../stand-in/unreachable.ts';
import { runHook, type Shell } from '../support/run-hook.ts';
import { gitlabJob } from '../support/run-in-process.ts';
import { Toolbox, type ToolboxKind, toolboxKinds, whyWithoutTools } from '../support/toolbox.ts';

const job = {
	...gitlabJob,
	CI_JOB_STATUS: 'success',
	CI_ENVIRONMENT_NAME: 'production',
	ALERT24_SERVICE_ID: 'svc_1',
	ALERT24_LOOKUP: 'off',
};
const change = 'Deployed web-shop @ 5b1e7d20 in "production" for service "svc_1"';
const externalId = 'gitlab:gitlab.com:4711:job:903311:production:svc_1';

// Not under busybox's own shell: it has `sleep` built in, and would really pause.
const shellOf: Readonly<Record<ToolboxKind, Shell>> = {
	'curl and gawk': 'bash',
	'GNU wget and mawk': 'dash',
	busybox: 'dash',
};

for (const kind of toolboxKinds) {
	const shell = shellOf[kind];
	describe(`with ${kind}, under ${shell}, the hook`, { skip: whyWithoutTools }, () => {
		const toolbox = new Toolbox(kind);
		after(() => toolbox[Symbol.dispose]());

		it('records a change for each service, with the same idempotency key on every attempt', async () => {
			await using alert24 = await startAlert24();
			alert24.failWith({ kind: 'status', status: 503 });
			const { stdout, stderr } = await record(alert24, { ALERT24_SERVICE_ID: 'svc_1, svc_2' });
			assert.equal(stderr, '');
			assert.deepEqual(stdout.split('\n').slice(0, -1), [
				`Recorded: ${change} (change ${alert24.changes[0]?.id})`,
				`Recorded: ${change.replace('svc_1', 'svc_2')} (change ${alert24.changes[1]?.id})`,
			]);
			assert.deepEqual(
				alert24.posts.map(({ headers }) => headers['idempotency-key']),
				[externalId, externalId, externalId.replace('svc_1', 'svc_2')],
			);
			assert.ok(alert24.posts.every(({ headers }) => headers['content-type'] === 'application/json'));
			assert.deepEqual(alert24.strays, []);
		});

		it('sends long texts of any characters whole', async () => {
			await using alert24 = await startAlert24();
			const long = { ALERT24_DESCRIPTION: '🚀"\\'.repeat(3000), CI_COMMIT_MESSAGE: '\u0001\\n*é'.repeat(2500) };
			await record(alert24, long);
			assert.equal(alert24.sentChanges[0]?.['commit_message'], `${long.CI_COMMIT_MESSAGE.slice(0, 9999)}…`);
			assert.equal(
				String(alert24.sentChanges[0]?.['description']).slice(0, 12_000),
				long.ALERT24_DESCRIPTION.slice(0, 12_000),
			);
		});

		it('tries three times on faults that pass, with growing pauses, and says what Alert24 answered last', async () => {
			await using alert24 = await startAlert24();
			alert24.failAlways({ kind: 'status', status: 500 });
			const { stdout, stderr } = await record(alert24);
			assert.equal(stdout, '');
			assert.ok(stderr.startsWith(`alert24-notify: could not record ${change} because Alert24 answered 500`), stderr);
			assert.equal(alert24.posts.length, 3);
			assert.deepEqual(toolbox.takePauses(), [1, 3]);
		});

		for (const status of [400, 401, 403, 404, 409, 422]) {
			it(`tries once where the answer is ${status}, and says it with Alert24's message`, async () => {
				await using alert24 = await startAlert24();
				const json = { error: { type: 'x', message: 'no "such"\n\u001b[31mthing', status } };
				alert24.failAlways({ kind: 'status', status, body: { json } });
				const { stderr } = await record(alert24);
				// busybox shows no body of an error, GNU wget none of a 401.
				const isSilent = kind === 'busybox' || (kind === 'GNU wget and mawk' && status === 401);
				const message = isSilent ? '' : ': no "such"\\n\\u001b[31mthing';
				const requestId = kind === 'busybox' ? '' : ` (request id ${alert24.posts[0]?.requestId})`;
				assert.ok(
					stderr.startsWith(
						`alert24-notify: could not record ${change} because Alert24 answered ${status}${message}${requestId}`,
					),
					stderr,
				);
				assert.equal(stderr.split('\n').length, 2);
				assert.equal(alert24.posts.length, 1);
			});
		}

		it('takes no redirect, and the key to nobody else', async () => {
			await using other = await startAlert24();
			await using alert24 = await startAlert24();
			for (const status of [301, 302, 307, 308]) {
				const fault: Fault = { kind: 'redirect', to: new URL(`${other.url}/api/v1/changes`), status };
				alert24.failAlways(fault);
				alert24.failListsAlways(fault);
				const { stderr } = await record(alert24);
				assert.match(stderr, new RegExp(`because Alert24 answered ${status}.*: a redirect, which is not followed`));
			}
			assert.ok(other.requests.every(({ headers }) => headers.authorization === undefined));
			assert.deepEqual([...other.changes, ...alert24.changes], []);
		});

		it('says that nobody answers, after three attempts', async () => {
			const environment = { ...job, ALERT24_API_KEY: 'ak_live_12345678', ALERT24_API_URL: await makeRefusingUrl() };
			toolbox.takePauses();
			const { exitCode, stderr } = await runHook(environment, { shell, path: toolbox.path });
			assert.equal(exitCode, 0);
			assert.match(
				stderr,
				new RegExp(
					`^alert24-notify: could not record ${change} because (no connection could be made|the connection failed.*|no answer came .*refused\\))\n$`,
				),
			);
			assert.deepEqual(toolbox.takePauses(), [1, 3]);
		});

		it('uses a 2xx as success whatever its body is', async () => {
			for (const body of ['empty', 'html', 'cut-json', 'huge', { json: { data: { id: { a: 1 } } } }] as const) {
				await using alert24 = await startAlert24();
				alert24.failAlways({ kind: 'status', status: 200, body });
				const { stdout } = await record(alert24);
				assert.match(stdout, new RegExp(`^Recorded: ${change}( \\(change [\\w-]+\\))?\n$`));
			}
		});

		function record(alert24: Alert24StandIn, more: Record<string, string> = {}) {
			toolbox.takePauses();
			const environment = { ...job, ALERT24_API_KEY: alert24.apiKey, ALERT24_API_URL: alert24.url, ...more };
			return runHook(environment, { shell, path: toolbox.path });
		}
	});
}
