import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import type { Fault } from '../../stand-in/alert24-faults.ts';
import { type Alert24StandIn, startAlert24 } from '../../stand-in/alert24-stand-in.ts';
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

		it('finds the change that was recorded although the answer did not come, and sends no second', async () => {
			for (const fault of [
				{ kind: 'reset', when: 'after' },
				{ kind: 'status', status: 502, recordsFirst: true },
				{ kind: 'hang-up', recordsFirst: true },
			] satisfies Fault[]) {
				await using alert24 = await startAlert24();
				alert24.failAlways(fault);
				alert24.record({ summary: 'another', environment: 'production', external_id: 'other' });
				const { stdout, stderr } = await record(alert24, { CI_ENVIRONMENT_NAME: 'é "x"/1' });
				assert.equal(
					stdout,
					`Already recorded: ${change.replace('production', 'é "x"/1')} (change ${alert24.changes[1]?.id})\n`,
					stderr,
				);
				assert.equal(alert24.posts.length, 1);
			}
		});

		it('sends again where the list cannot be read', async () => {
			await using alert24 = await startAlert24();
			alert24.failWith({ kind: 'hang-up' });
			alert24.failListsAlways({ kind: 'status', status: 200, body: { json: { data: 'unknown' } } });
			const { stdout } = await record(alert24);
			assert.match(stdout, /^Recorded: /);
			assert.equal(alert24.changes.length, 1);
		});

		function record(alert24: Alert24StandIn, more: Record<string, string> = {}) {
			toolbox.takePauses();
			const environment = { ...job, ALERT24_API_KEY: alert24.apiKey, ALERT24_API_URL: alert24.url, ...more };
			return runHook(environment, { shell, path: toolbox.path });
		}
	});
}
