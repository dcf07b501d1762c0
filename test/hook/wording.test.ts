import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import type { FaultBody } from '../../stand-in/alert24-faults.ts';
import { startAlert24 } from '../../stand-in/alert24-stand-in.ts';
import { hookJob, runHook } from '../support/run-hook.ts';
import { runInProcess } from '../support/run-in-process.ts';
import { Toolbox, whyWithoutTools } from '../support/toolbox.ts';

const message: FaultBody = { json: { error: { type: 'validation_error', message: 'no "such"\n\u001b[31mthing' } } };

suite('the words of the hook', { concurrency: 2, skip: whyWithoutTools }, () => {
	const toolbox = new Toolbox('curl and gawk');
	const directory = mkdtempSync(join(tmpdir(), 'alert24-wording-'));
	after(() => {
		toolbox[Symbol.dispose]();
		rmSync(directory, { recursive: true });
	});

	for (const [title, status, body] of [
		['an error of Alert24', 400, message],
		['a wrong key', 401, 'error'],
		['a missing scope', 403, 'error'],
		['an unknown service', 404, 'error'],
		['a conflict', 409, message],
		['a page', 422, 'html'],
		['a redirect', 301, 'empty'],
		['a portal page', 200, 'html'],
		['a failure with 200', 200, { json: { success: false } }],
		['an empty answer', 204, 'empty'],
	] as const) {
		test(`are the command's for ${title}`, async () => {
			await using alert24 = await startAlert24();
			alert24.failAlways({ kind: 'status', status, body, recordsFirst: false, isForeign: status < 300 });
			const variables = { ...hookJob, ALERT24_API_KEY: alert24.apiKey, ALERT24_API_URL: alert24.url };
			const hook = await runHook(variables, { shell: 'bash', path: toolbox.path });
			const command = await runInProcess([], { ...variables, ALERT24_UNDELIVERED_DIR: join(directory, title) });
			assert.equal(findLine(hook.stderr), findLine(command.stderr));
		});
	}

	test('contain no control character that a terminal executes', async () => {
		const controls = Array.from({ length: 159 }, (_, index) => String.fromCharCode(index + 1))
			.join('')
			.replace(/[ -~]/g, '');
		await using alert24 = await startAlert24();
		const variables = { ...hookJob, ALERT24_API_KEY: alert24.apiKey, ALERT24_API_URL: alert24.url };
		for (const kind of ['curl and gawk', 'GNU wget and mawk', 'busybox'] as const) {
			using tools = new Toolbox(kind);
			const hook = await runHook(
				{ ...variables, ALERT24_SUMMARY: `é${controls}` },
				{ shell: 'dash', path: tools.path },
			);
			assert.match(hook.stdout, /^Recorded: é\\u0001[^\p{Cc}]*\\u009f in "production"[^\p{Cc}]*\n$/u, hook.stderr);
			assert.equal(alert24.sentChanges.at(-1)?.['summary'], `é${controls}`);
		}
	});
});

function findLine(text: string): string | undefined {
	return /^.*(NOT (RECORDED|CONFIRMED).*)$/m.exec(text)?.[1]?.replace(/request id req_[\w-]+/, 'request id');
}
