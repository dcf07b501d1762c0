import assert from 'node:assert/strict';
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import type { Delivery } from '../../src/delivery/delivery.ts';
import { Log } from '../../src/log/log.ts';
import { writeDotenvReport } from '../../src/report/dotenv-report.ts';
import { Redactor } from '../../src/text/redact.ts';
import { startAlert24 } from '../../stand-in/alert24-stand-in.ts';
import { makePath, tryDelivery } from '../support/delivery-trial.ts';
import { createTerminal } from '../support/terminal.ts';

const externalId = 'gitlab:gitlab.com:4711:job:903311:production';

function write(deliveries: readonly Partial<Delivery>[], path = makePath()): string {
	const terminal = createTerminal();
	writeDotenvReport(path, deliveries as Delivery[], new Log(terminal, new Redactor({})));
	return terminal.stderr === '' ? readFileSync(path, 'utf8') : terminal.stderr;
}

/**
 * Reads a report as GitLab does, and fails where GitLab would fail the job (docs.gitlab.com/ci/yaml/artifacts_reports).
 */
function parseAsGitlab(report: string): Record<string, string> {
	assert.ok(Buffer.byteLength(report) < 5 * 1024);
	const lines = report === '' ? [] : report.replace(/\n$/, '').split('\n');
	assert.ok(lines.length <= 5);
	return Object.fromEntries(
		lines.map((line) => {
			const [, name = '', value = ''] =
				/^([A-Za-z_][A-Za-z0-9_]*)=(.*)$/.exec(line) ?? assert.fail(`malformed: ${line}`);
			assert.match(value, /^[A-Za-z0-9_.:/@%+,-]+$/);
			return [name, value];
		}),
	);
}

suite('the dotenv report', { concurrency: true }, () => {
	test('passes the ids of the change to later jobs', async () => {
		await using alert24 = await startAlert24();
		const path = makePath();
		await tryDelivery(alert24, { variables: { ALERT24_DOTENV_FILE: path } });
		assert.deepEqual(parseAsGitlab(readFileSync(path, 'utf8')), {
			ALERT24_CHANGE_STATE: 'recorded',
			ALERT24_CHANGE_ID: alert24.changes[0]?.id,
			ALERT24_CHANGE_EXTERNAL_ID: externalId,
			ALERT24_CHANGE_REQUEST_ID: alert24.posts[0]?.requestId,
		});
	});

	test('reports that a change is not recorded or that there is none', async () => {
		await using alert24 = await startAlert24();
		alert24.failAlways({ kind: 'status', status: 401 });
		const path = makePath();
		await tryDelivery(alert24, { variables: { ALERT24_DOTENV_FILE: path } });
		assert.match(readFileSync(path, 'utf8'), /^ALERT24_CHANGE_STATE=not_recorded\n/);
		await tryDelivery(alert24, { variables: { ALERT24_DOTENV_FILE: path, CI_JOB_STATUS: 'failed' } });
		assert.equal(readFileSync(path, 'utf8'), 'ALERT24_CHANGE_STATE=not_recorded\n');
	});

	const deliver = (id: string | undefined, requestId = 'req_1'): Partial<Delivery> => ({
		state: id === undefined ? 'refused' : 'recorded',
		id,
		url: id === undefined ? undefined : `https://alert24.test/${id}`,
		requestId,
		change: { summary: 'x', environment: 'y', external_id: 'e' },
	});

	test('lists the ids of several services in their order, with an empty place for a failure', () => {
		assert.deepEqual(parseAsGitlab(write([deliver(undefined), deliver('2'), deliver('3')])), {
			ALERT24_CHANGE_STATE: 'not_recorded',
			ALERT24_CHANGE_ID: ',2,3',
			ALERT24_CHANGE_URL: ',https://alert24.test/2,https://alert24.test/3',
			ALERT24_CHANGE_EXTERNAL_ID: 'e,e,e',
			ALERT24_CHANGE_REQUEST_ID: 'req_1,req_1,req_1',
		});
	});

	test('leaves the place of a value empty that a later job would expand', () => {
		const report = parseAsGitlab(
			write([deliver('$CI_JOB_TOKEN', 'a b'), deliver('2', 'a,b'), deliver('chg_1.a:/@%+-')]),
		);
		assert.equal(report['ALERT24_CHANGE_ID'], ',2,chg_1.a:/@%+-');
		assert.equal(report['ALERT24_CHANGE_REQUEST_ID'], ',,req_1');
	});

	test('stays below 5 KiB, at which GitLab fails the job', () => {
		const fixed = write([deliver('1', 'x')]).length;
		assert.equal(write([deliver('1', 'x'.repeat(5119 - fixed + 1))]).length, 5119);
		const report = write([deliver('1', 'x'.repeat(5119 - fixed + 2))]);
		assert.equal(parseAsGitlab(report)['ALERT24_CHANGE_REQUEST_ID'], undefined);
	});

	test('replaces a link and does not follow it', () => {
		const [path, target] = [makePath(), makePath()];
		writeFileSync(target, 'precious');
		symlinkSync(target, path);
		assert.match(write([deliver('1')], path), /^ALERT24_CHANGE_STATE=recorded\n/);
		assert.equal(readFileSync(target, 'utf8'), 'precious');
	});

	test('is valid for GitLab for any ids of the server', () => {
		const id = fc.oneof(
			fc.string({ unit: 'binary' }),
			fc.constantFrom('a\nB=c', 'a\r', '\u2028', 'x'.repeat(6000), '"$HOME"', ''),
		);
		const delivery = fc.record({
			state: fc.constantFrom('recorded' as const, 'undelivered' as const),
			id: fc.option(id, { nil: undefined }),
			requestId: fc.option(id, { nil: undefined }),
			change: id.map((external_id) => ({ summary: 'x', environment: 'y', external_id })),
		});
		const path = makePath();
		fc.assert(
			fc.property(fc.array(delivery, { maxLength: 4 }), (deliveries) => {
				const isRecorded = deliveries.length > 0 && deliveries.every(({ state }) => state === 'recorded');
				const { ALERT24_CHANGE_STATE } = parseAsGitlab(write(deliveries, path));
				assert.equal(ALERT24_CHANGE_STATE, isRecorded ? 'recorded' : 'not_recorded');
			}),
		);
	});

	test('only causes a warning if it cannot be written', async () => {
		await using alert24 = await startAlert24();
		const { exitCode, stderr } = await tryDelivery(alert24, { variables: { ALERT24_DOTENV_FILE: '/nowhere/x.env' } });
		assert.equal(exitCode, 0);
		assert.match(stderr, /the dotenv report "\/nowhere\/x\.env" could not be written \(ENOENT\)/);
	});

	test('contains neither a key from a response nor a line of an earlier run', async () => {
		await using alert24 = await startAlert24();
		const path = makePath();
		const answer = { json: { data: { id: alert24.apiKey } } };
		alert24.failWith({ kind: 'status', status: 201, headers: { 'x-request-id': alert24.apiKey }, body: answer });
		await tryDelivery(alert24, { variables: { ALERT24_DOTENV_FILE: path } });
		const { ALERT24_CHANGE_ID: id, ALERT24_CHANGE_REQUEST_ID: requestId } = parseAsGitlab(readFileSync(path, 'utf8'));
		assert.deepEqual([id, requestId], [undefined, undefined]);
		await tryDelivery(alert24, { variables: { ALERT24_DOTENV_FILE: path, ALERT24_API_KEY: '' } });
		assert.deepEqual(parseAsGitlab(readFileSync(path, 'utf8')), { ALERT24_CHANGE_STATE: 'not_recorded' });
	});
});
