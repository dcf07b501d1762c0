import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { startAlert24 } from '../../stand-in/alert24-stand-in.ts';
import { type Trial, tryDelivery } from '../support/delivery-trial.ts';

const externalId = 'gitlab:gitlab.com:4711:job:903311:production';
const variables = { ALERT24_OUTPUT: 'json' };

/** The one JSON object that stdout must hold, and nothing beside it. */
function readResult({ stdout }: Trial): Record<string, unknown> {
	assert.match(stdout, /^\{[\s\S]*\}\n$/);
	return JSON.parse(stdout);
}

suite('--output json', { concurrency: true }, () => {
	test('tells of a record', async () => {
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

	test('tells for each service what happened, and the worst of it', async () => {
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

	test('tells of a change that was there already', async () => {
		await using alert24 = await startAlert24();
		const { id } = alert24.record({ summary: 'x', external_id: externalId });
		const { services, ...result } = readResult(
			await tryDelivery(alert24, { variables: { ...variables, ALERT24_DEDUPE: 'always' } }),
		);
		assert.deepEqual(result, { outcome: 'already_recorded', exit_code: 0 });
		assert.deepEqual(services, [{ state: 'already_recorded', id, external_id: externalId, attempts: 0 }]);
	});

	test('tells that a change is perhaps recorded', async () => {
		await using alert24 = await startAlert24();
		alert24.failAlways({ kind: 'status', status: 500 });
		alert24.failListsAlways({ kind: 'status', status: 403 });
		const { outcome, services } = readResult(await tryDelivery(alert24, { variables }));
		assert.equal(outcome, 'undelivered');
		assert.equal((services as { may_be_recorded?: boolean }[])[0]?.may_be_recorded, true);
	});

	test('tells why nothing is recorded', async () => {
		await using alert24 = await startAlert24();
		const { reason, ...result } = readResult(
			await tryDelivery(alert24, { variables: { ...variables, CI_JOB_STATUS: 'failed' } }),
		);
		assert.deepEqual(result, { outcome: 'nothing_to_record', exit_code: 0, services: [] });
		assert.match(String(reason), /^Not recorded: the deployment failed/);
	});

	test('tells of a mistake', async () => {
		await using alert24 = await startAlert24();
		const { reason, ...result } = readResult(
			await tryDelivery(alert24, { variables: { ...variables, ALERT24_TIMEOUT: 'soon' } }),
		);
		assert.deepEqual(result, { outcome: 'error', exit_code: 2, services: [] });
		assert.match(String(reason), /ALERT24_TIMEOUT must be a number of seconds/);
	});

	test('tells of a dry run and of a replay', async () => {
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
