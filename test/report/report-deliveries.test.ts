import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Change } from '../../src/change/change-schema.ts';
import type { Delivery } from '../../src/delivery/delivery.ts';
import { Log } from '../../src/log/log.ts';
import { reportDeliveries } from '../../src/report/report-deliveries.ts';
import { Redactor } from '../../src/text/redact.ts';
import { startAlert24 } from '../../stand-in/alert24-stand-in.ts';
import { type Trial, tryDelivery } from '../support/delivery-trial.ts';
import { createTerminal } from '../support/terminal.ts';

const externalId = 'gitlab:gitlab.com:4711:job:903311:production';
const variables = { ALERT24_OUTPUT: 'json' };

/** Returns the only JSON object on stdout. */
function readResult({ stdout }: Trial): Record<string, unknown> {
	assert.match(stdout, /^\{[\s\S]*\}\n$/);
	return JSON.parse(stdout);
}

suite('--output json', { concurrency: true }, () => {
	test('describes a record', async () => {
		await using alert24 = await startAlert24();
		const trial = await tryDelivery(alert24, { variables });
		assert.deepEqual(readResult(trial), {
			outcome: 'recorded',
			exit_code: 0,
			services: [
				{
					state: 'recorded',
					id: alert24.changes[0]?.id,
					external_id: externalId,
					attempts: 1,
					request_id: alert24.posts[0]?.requestId,
				},
			],
		});
		assert.match(trial.stderr, /alert24-notify: Recorded: /);
	});

	test('describes each service, and the worst outcome', async () => {
		await using alert24 = await startAlert24({ services: ['svc_1'] });
		const trial = await tryDelivery(alert24, { variables: { ...variables, ALERT24_SERVICE_ID: 'svc_1,svc_2' } });
		const requestIds = new Map(alert24.posts.map(({ body, requestId }) => [JSON.parse(body).service_id, requestId]));
		const common = (id: string) => ({
			service_id: id,
			external_id: `${externalId}:${id}`,
			request_id: requestIds.get(id),
		});
		assert.deepEqual(readResult(trial), {
			outcome: 'refused',
			exit_code: 4,
			services: [
				{ ...common('svc_1'), state: 'recorded', id: alert24.changes[0]?.id, attempts: 1 },
				{
					...common('svc_2'),
					state: 'refused',
					attempts: 1,
					reason:
						'Alert24 answered 404 (not_found: "Service not found"): check ALERT24_SERVICE_ID, that the key belongs to the same organization, and ALERT24_API_URL',
				},
			],
		});
	});

	test('describes a change that was recorded before', async () => {
		await using alert24 = await startAlert24();
		const { id } = alert24.record({ summary: 'x', external_id: externalId });
		const { services, ...result } = readResult(
			await tryDelivery(alert24, { variables: { ...variables, ALERT24_DEDUPE: 'always' } }),
		);
		assert.deepEqual(result, { outcome: 'already_recorded', exit_code: 0 });
		assert.deepEqual(services, [{ state: 'already_recorded', id, external_id: externalId, attempts: 0 }]);
	});

	test('marks a change that is perhaps recorded', async () => {
		await using alert24 = await startAlert24();
		alert24.failAlways({ kind: 'status', status: 500 });
		alert24.failListsAlways({ kind: 'status', status: 403 });
		const { outcome, services } = readResult(await tryDelivery(alert24, { variables }));
		assert.equal(outcome, 'undelivered');
		assert.equal((services as { may_be_recorded?: boolean }[])[0]?.may_be_recorded, true);
	});

	test('contains the reason to record nothing', async () => {
		await using alert24 = await startAlert24();
		const { reason, ...result } = readResult(
			await tryDelivery(alert24, { variables: { ...variables, CI_JOB_STATUS: 'failed' } }),
		);
		assert.deepEqual(result, { outcome: 'nothing_to_record', exit_code: 0, services: [] });
		assert.match(String(reason), /^Not recorded: the deployment failed/);
	});

	test('describes a mistake', async () => {
		await using alert24 = await startAlert24();
		const { reason, ...result } = readResult(
			await tryDelivery(alert24, { variables: { ...variables, ALERT24_TIMEOUT: 'soon' } }),
		);
		assert.deepEqual(result, { outcome: 'error', exit_code: 2, services: [] });
		assert.match(String(reason), /ALERT24_TIMEOUT must be a number of seconds/);
	});

	test('describes a dry run and a replay', async () => {
		await using alert24 = await startAlert24();
		const dry = readResult(await tryDelivery(alert24, { variables: { ...variables, ALERT24_DRY_RUN: 'true' } }));
		assert.equal(dry['outcome'], 'dry_run');
		assert.equal((dry['changes'] as unknown[]).length, 1);
		alert24.failWith({ kind: 'status', status: 401 });
		const { undeliveredDir } = await tryDelivery(alert24);
		const argv = ['replay', undeliveredDir, '--output', 'json'];
		const replayed = readResult(await tryDelivery(alert24, { argv, variables: { ALERT24_UNDELIVERED_DIR: '' } }));
		assert.equal(replayed['outcome'], 'recorded');
		const again = readResult(await tryDelivery(alert24, { argv, variables: { ALERT24_UNDELIVERED_DIR: '' } }));
		assert.deepEqual(again, { outcome: 'nothing_to_record', exit_code: 0, services: [] });
	});
});

suite('the lines of a result', () => {
	const change: Change = { summary: 'Deployed shop @ 1a2b3c4d', environment: 'production', service_id: 'svc_1' };
	const base: Delivery = {
		change,
		state: 'recorded',
		id: undefined,
		url: undefined,
		attempts: 1,
		requestId: undefined,
		reason: undefined,
		isUncertain: false,
		hasTimedOut: false,
	};
	const name = 'Deployed shop @ 1a2b3c4d in "production" for service "svc_1"';
	const rows: [delivery: Partial<Delivery>, stdout: string, stderr: string][] = [
		[{}, `Recorded: ${name}\n`, ''],
		[{ id: 'chg_1' }, `Recorded: ${name} (change chg_1)\n`, ''],
		[{ id: 'chg_1', url: 'https://a/1' }, `Recorded: ${name} (change chg_1): https://a/1\n`, ''],
		[{ state: 'already recorded', id: 'chg_1' }, `Already recorded: ${name} (change chg_1)\n`, ''],
		[
			{ state: 'refused', reason: 'Alert24 answered 400', requestId: 'req_1' },
			'',
			`alert24-notify: NOT RECORDED: ${name}: Alert24 answered 400 (1 attempt, request id req_1)\n`,
		],
		[
			{ state: 'undelivered', reason: 'no connection within 5 s', attempts: 3 },
			'',
			`alert24-notify: NOT RECORDED: ${name}: no connection within 5 s (3 attempts, request id not given)\n`,
		],
		[
			{ state: 'undelivered', reason: 'Alert24 answered 500', isUncertain: true, requestId: 'a\nb' },
			'',
			`alert24-notify: NOT CONFIRMED: ${name}: Alert24 answered 500 (1 attempt, request id a\\nb)\n`,
		],
	];
	for (const [delivery, stdout, stderr] of rows) {
		test(`are: ${(stdout + stderr).trim()}`, () => {
			const terminal = createTerminal();
			reportDeliveries([{ ...base, ...delivery }], new Log(terminal, new Redactor({})));
			assert.deepEqual([terminal.stdout, terminal.stderr], [stdout, stderr]);
		});
	}
});
