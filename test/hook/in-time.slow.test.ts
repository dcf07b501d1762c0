import assert from 'node:assert/strict';
import { after, suite, test } from 'node:test';
import type { Fault } from '../../stand-in/alert24-faults.ts';
import { type Alert24StandIn, startAlert24 } from '../../stand-in/alert24-stand-in.ts';
import { type HookOptions, hookJob, runHook, shellOf } from '../support/run-hook.ts';
import { Toolbox, toolboxKinds, whyWithoutTools } from '../support/toolbox.ts';

const bodies = {
	'lists in lists': `${'['.repeat(36_000)}${'1,'.repeat(12_000)}`,
	'escaped newlines': `{"error":{"message":"${'\\n'.repeat(450_000)}"}}`,
	backslashes: `{"error":{"message":"${'\\'.repeat(900_000)}`,
	quotes: `{${'"'.repeat(900_000)}`,
	'many lines': `{"error":\n${'x\n'.repeat(450_000)}`,
	'a page': `<html>${'<x '.repeat(300_000)}`,
};

type Options = Omit<HookOptions, 'shell'> & { variables?: Record<string, string> };

for (const kind of toolboxKinds) {
	suite(`the time of the hook with ${kind}`, { skip: whyWithoutTools }, () => {
		const toolbox = new Toolbox(kind);
		after(() => toolbox[Symbol.dispose]());

		function record(alert24: Alert24StandIn, { variables, ...options }: Options) {
			const keys = { ALERT24_API_KEY: alert24.apiKey, ALERT24_API_URL: alert24.url };
			return runHook({ ...hookJob, ...keys, ...variables }, { shell: shellOf[kind], ...options });
		}

		test('ends in time, green, whatever the server does', async () => {
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
				const options = { path: slow.path, variables: { ALERT24_TIMEOUT: '4' } };
				const { exitCode, stdout, stderr, durationMs } = await record(alert24, options);
				assert.deepEqual([exitCode, stdout], [0, ''], fault.kind);
				assert.match(stderr, /^NOT (RECORDED|CONFIRMED): [^\n]+\n\{[^\n]+\}\n$/, fault.kind);
				assert.ok(durationMs < 8000, `${JSON.stringify(fault)} took ${durationMs} ms`);
			});
			await Promise.all(ends);
		});

		test('ends a client that ignores SIGTERM', async () => {
			await using alert24 = await startAlert24();
			alert24.failAlways({ kind: 'trickle', part: 'body', status: 500, intervalMs: 200 });
			const options = { path: toolbox.path, before: "trap '' TERM", variables: { ALERT24_TIMEOUT: '4' } };
			const { stderr, durationMs } = await record(alert24, options);
			assert.match(stderr, /^NOT (RECORDED|CONFIRMED): [^\n]+\n\{[^\n]+\}\n$/);
			assert.ok(durationMs < 8000, String(durationMs));
		});

		test('reads any response in time', async () => {
			for (const [name, text] of Object.entries(bodies)) {
				await using alert24 = await startAlert24();
				alert24.failAlways({ kind: 'status', status: 400, body: { type: 'application/json', text } });
				const { stdout, stderr, durationMs } = await record(alert24, { path: toolbox.path });
				assert.equal(stdout, '', name);
				assert.match(stderr, /^NOT RECORDED: [^\n]+ answered 400[^\n]*\n\{/, name);
				assert.ok(durationMs < 10_000, `${name} took ${durationMs} ms`);
			}
		});
	});
}
