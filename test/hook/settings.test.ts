import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import type { Fault } from '../../stand-in/alert24-faults.ts';
import { startAlert24 } from '../../stand-in/alert24-stand-in.ts';
import { runHook } from '../support/run-hook.ts';
import { gitlabJob } from '../support/run-in-process.ts';
import { Toolbox, whyWithoutTools } from '../support/toolbox.ts';

const job = { ...gitlabJob, CI_JOB_STATUS: 'success', CI_ENVIRONMENT_NAME: 'production', ALERT24_LOOKUP: 'off' };
const key = 'ak_live_0123456789abcdefghijABCDEFGHIJ01';

describe('the settings of the hook', { concurrency: 2, skip: whyWithoutTools }, () => {
	const toolbox = new Toolbox('GNU wget and mawk');
	const directory = mkdtempSync(join(tmpdir(), 'alert24-hook-keys-'));
	after(() => {
		toolbox[Symbol.dispose]();
		rmSync(directory, { recursive: true });
	});
	const run = (variables: Record<string, string>, more: object = {}) =>
		runHook({ ...job, ...variables }, { shell: 'dash', path: toolbox.path, ...more });

	it('take the key as it is, or from a file that either variable names', async () => {
		await using alert24 = await startAlert24();
		const file = join(directory, 'key');
		writeFileSync(file, `  ${alert24.apiKey}\r\n`);
		for (const variables of [
			{ ALERT24_API_KEY: `${alert24.apiKey}\n` },
			{ ALERT24_API_KEY: file },
			{ ALERT24_API_KEY: 'key' },
			{ ALERT24_API_KEY_FILE: file },
		]) {
			const { stdout } = await run(
				{ ...variables, ALERT24_API_URL: `${alert24.url}//`, ALERT24_TIMEOUT: '007.5' },
				{ cwd: directory },
			);
			assert.match(stdout, /^Recorded: /);
		}
	});

	it('come from the inputs, unless a variable of the job says otherwise', async () => {
		const inputs = {
			service_id: 'a,b',
			summary: 'By "hand"',
			change_tags: 'x, y',
			risk_level: 'low',
			change_type: 'rollback',
		};
		const given = await run(
			{ ALERT24_API_KEY: key },
			{ inputs: { ...inputs, dry_run: true, environment: 'staging', changed_by: 'me' } },
		);
		const [first, second] = JSON.parse(given.stdout);
		assert.deepEqual(
			[
				first.service_id,
				second.service_id,
				first.summary,
				first.tags,
				first.risk_level,
				first.change_type,
				first.environment,
				first.changed_by,
			],
			['a', 'b', 'By "hand"', ['gitlab', 'staging', 'x', 'y'], 'low', 'rollback', 'staging', 'me'],
		);
		const set = {
			ALERT24_SERVICE_ID: 'c',
			ALERT24_SUMMARY: 'Mine',
			ALERT24_RISK_LEVEL: 'high',
			ALERT24_CHANGE_TYPE: 'code',
			ALERT24_DRY_RUN: 'true',
		};
		const { service_id, summary, risk_level, change_type } = JSON.parse((await run(set, { inputs })).stdout);
		assert.deepEqual([service_id, summary, risk_level, change_type], ['c', 'Mine', 'high', 'code']);
	});

	it('count where a line before the hook sets them without export', async () => {
		const before = 'ALERT24_SOURCE=mine ALERT24_EXTERNAL_ID=id:1 ALERT24_DEPLOY_JOB=deploy ALERT24_TAGS=x';
		const { stdout } = await run({ ALERT24_DRY_RUN: 'true' }, { before });
		const { source, external_id, description, tags } = JSON.parse(stdout);
		assert.deepEqual(
			[source, external_id, description, tags],
			['mine', 'id:1', undefined, ['gitlab', 'production', 'x']],
		);
	});

	it('are read as they are written, whatever options bash has', async () => {
		const { stdout, stderr } = await run(
			{ ALERT24_DRY_RUN: 'true', ALERT24_STATUS: 'SUCCESS' },
			{ shell: 'bash', before: 'shopt -s nocasematch extglob' },
		);
		assert.equal(stdout, '');
		assert.match(stderr, /ALERT24_STATUS must be one of success failed canceled timedout; got "SUCCESS"/);
	});

	it('keep Retry-After up to 20 seconds, given as seconds or as a date', async () => {
		using pausing = new Toolbox('GNU wget and mawk');
		for (const [value, pause] of [
			['2', 2],
			['600', 20],
			['Sun, 06 Nov 1994 00:00:01 GMT', 2],
			['soon', 1],
		] as const) {
			await using alert24 = await startAlert24();
			const headers = { 'Retry-After': value, Date: 'Sat, 05 Nov 1994 23:59:59 GMT' };
			alert24.failWith({ kind: 'status', status: 429, headers } satisfies Fault);
			const variables = { ALERT24_API_KEY: alert24.apiKey, ALERT24_API_URL: alert24.url };
			const { stdout } = await run(variables, { path: pausing.path });
			assert.match(stdout, /^Recorded: /);
			assert.deepEqual(pausing.takePauses(), [pause], value);
			assert.equal(alert24.requests.length, 2);
		}
	});

	it('let a look for the change come first, or never', async () => {
		await using alert24 = await startAlert24();
		const variables = { ALERT24_API_KEY: alert24.apiKey, ALERT24_API_URL: alert24.url };
		alert24.failWith({ kind: 'status', status: 502, recordsFirst: true });
		assert.match((await run({ ...variables, ALERT24_DEDUPE: 'never' })).stdout, /^Recorded: /);
		assert.equal(alert24.changes.length, 2);
		assert.match((await run({ ...variables, ALERT24_DEDUPE: 'always' })).stdout, /^Already recorded: /);
		assert.equal(alert24.changes.length, 2);
	});
});
