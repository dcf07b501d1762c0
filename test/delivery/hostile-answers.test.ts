import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import type { Fault } from '../../stand-in/alert24-faults.ts';
import { startAlert24 } from '../../stand-in/alert24-stand-in.ts';
import { makeVariables, tryDelivery } from '../support/delivery-trial.ts';
import { gitlabJob, runInProcess } from '../support/run-in-process.ts';

// Characters and markers that GitLab's log, a terminal or a parser of lines interprets.
const unsafe = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]|section_(start|end):/;
const forgeries = [
	'\nalert24-notify: Recorded: forged',
	'\r\u001b[2K\u001b[1ARecorded: forged',
	'section_start:1732190000:forged[collapsed=true]\r\u001b[0KAll is well',
	'section_end:1732190000:forged\r\u001b[0K',
	'\u009b31m\u0085Recorded: forged\u2028Recorded: forged\u2029\u202eforged',
	'\u0000\u0007\b\u007f',
];

function refusal(message: string, type: string = 'validation_error'): Fault {
	return { kind: 'status', status: 400, body: { json: { error: { type, message, status: 400 } } } };
}

function assertHarmless(text: string): void {
	for (const line of text.split('\n')) {
		assert.doesNotMatch(line, unsafe);
		assert.doesNotMatch(line, /^Recorded: forged/);
		assert.ok(line.length <= 4100, `a line of ${line.length} characters`);
	}
}

suite('an answer of a server', { concurrency: true }, () => {
	for (const forgery of forgeries) {
		test(`cannot forge a log with ${JSON.stringify(forgery)}`, async () => {
			await using alert24 = await startAlert24();
			alert24.failWith(
				{ kind: 'status', status: 503, body: { json: { error: { type: forgery, message: forgery } } } },
				{ kind: 'status', status: 201, body: { json: { data: { id: forgery } } } },
			);
			alert24.failListsAlways({ kind: 'status', status: 200, body: { text: forgery, type: 'text/plain' } });
			const { stdout, stderr, exitCode } = await tryDelivery(alert24);
			assert.equal(exitCode, 0);
			assert.match(stdout, /^Recorded: .*\n$/);
			for (const line of stderr.trimEnd().split('\n')) assert.match(line, /^alert24-notify: /);
			assertHarmless(stdout + stderr);
		});
	}

	test('of megabytes is reported in a few words', async () => {
		await using alert24 = await startAlert24();
		alert24.failWith(refusal('\u001b[31m'.repeat(150_000)));
		const { stderr, undelivered } = await tryDelivery(alert24);
		assert.ok(stderr.length < 3000, `${stderr.length} characters`);
		assert.ok((undelivered[0]?.reason?.length ?? 0) < 1000);
		assertHarmless(stderr);
	});

	for (const [title, fault] of Object.entries<Fault>({
		'is too long': refusal('no', 'x'.repeat(1_100_000)),
		'never ends': { kind: 'endless', part: 'body', status: 422, recordsFirst: false },
		'breaks off': { kind: 'reset', when: 'during-body', status: 403, recordsFirst: false },
	})) {
		test(`that refuses the change counts as a refusal although its body ${title}`, async () => {
			await using alert24 = await startAlert24();
			alert24.failAlways(fault);
			const { exitCode, stderr } = await tryDelivery(alert24);
			assert.equal(exitCode, 4);
			assert.match(stderr, /Alert24 answered (400|403|422)/);
			assert.equal(alert24.posts.length, 1);
		});
	}

	for (const lead of [0, 100, 170, 180, 195, 199]) {
		test(`that repeats the secrets after ${lead} characters does not bring them into the log`, async () => {
			await using alert24 = await startAlert24();
			const token = gitlabJob.CI_JOB_TOKEN;
			for (const secret of [alert24.apiKey, token]) {
				const basic = Buffer.from(secret).toString('base64');
				alert24.failWith(refusal(`${'x'.repeat(lead)}${secret}: ${basic} is no key`));
				const { stderr, undelivered } = await tryDelivery(alert24);
				const told = stderr + JSON.stringify(undelivered);
				for (const beginning of [secret.slice(0, 12), basic.slice(0, 12)]) {
					assert.ok(!told.includes(beginning), `${beginning} is in ${told}`);
				}
			}
		});
	}

	test('with a request id that repeats the key does not bring it into log or file', async () => {
		await using alert24 = await startAlert24();
		const headers = { 'X-Request-Id': `req_${alert24.apiKey}` };
		alert24.failWith({ kind: 'status', status: 400, headers });
		const { undelivered } = await tryDelivery(alert24, { variables: { ALERT24_OUTPUT: 'json' } });
		assert.equal(undelivered[0]?.request_id, 'req_[redacted]');
	});
});

suite('whatever texts come from outside', () => {
	test('no line of the log is forged, and the change arrives as it is', async () => {
		const text = fc.oneof(fc.constantFrom(...forgeries), fc.string({ unit: 'binary', maxLength: 40 }));
		await using alert24 = await startAlert24();
		await fc.assert(
			fc.asyncProperty(text, text, fc.constantFrom('text', 'json'), async (message, told, output) => {
				alert24.failWith(refusal(told, told));
				const variables = {
					...makeVariables(alert24),
					CI_COMMIT_MESSAGE: `x${message}x`,
					CI_PROJECT_NAME: `x${message}x`,
					ALERT24_SERVICE_ID: 'svc_1',
					ALERT24_OUTPUT: output,
				};
				const { stdout, stderr } = await tryDelivery(alert24, { variables });
				assertHarmless(stdout + stderr);
				assert.equal(JSON.parse(alert24.posts.at(-1)?.body ?? '').commit_message, `x${message}x`.toWellFormed());
			}),
		);
	});
});

suite('a fault in the program itself', () => {
	test('is reported without the key or the token', async () => {
		await using alert24 = await startAlert24();
		alert24.failAlways({ kind: 'status', status: 503 });
		const fail = () => {
			throw new Error(`no sleep with ${alert24.apiKey}\u001b[31m, ${gitlabJob.CI_JOB_TOKEN}`);
		};
		const clock = { date: Date.now, now: () => performance.now(), sleep: fail };
		const { exitCode, stdout, stderr } = await runInProcess([], makeVariables(alert24), { clock });
		assert.equal(exitCode, 1);
		assert.equal(stdout, '');
		assert.match(
			stderr,
			/a fault in alert24-notify, please report it:\n.*no sleep with \[redacted\]\\u001b\[31m, \[redacted\]/,
		);
		assert.match(stderr, /\n.* at /);
		assert.ok(!stderr.includes(alert24.apiKey) && !stderr.includes(gitlabJob.CI_JOB_TOKEN));
	});
});
