import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { buildChange } from '../../src/change/build-change.ts';
import type { Deployment, GivenFields } from '../../src/change/deployment.ts';
import { hashText, isSameDeployment } from '../../src/change/external-id.ts';
import { findViolations } from '../../src/change/validate-change.ts';
import { deployment } from '../support/deployment.ts';

function externalId(facts: Partial<Deployment> = {}, service?: string, fields: Partial<GivenFields> = {}) {
	const change = buildChange({ ...deployment, ...facts }, { fields, name: undefined, tags: [] }, service);
	assert.deepEqual(findViolations(change), []);
	return change.external_id;
}

const separateJob = (deployJob: string) => ({
	key: { parts: ['gitlab', 'gitlab.com', '4711', 'pipeline', '81234', deployJob], hasJobId: false },
});

suite('the external id of a change', () => {
	test('names the deploy job, the environment and the service', () => {
		assert.equal(externalId({}, 'svc_1'), 'gitlab:gitlab.com:4711:job:903311:production:svc_1');
		assert.equal(externalId(), 'gitlab:gitlab.com:4711:job:903311:production');
	});

	test('names the pipeline, the deploy job and the outcome if the id of the deploy job is not known', () => {
		const id = externalId(separateJob('deploy: eu'));
		assert.equal(id, 'gitlab:gitlab.com:4711:pipeline:81234:deploy%3A%20eu:success:production');
	});

	test('differs between a failed deployment and its retry in the same pipeline', () => {
		const outcomes = ['success', 'failed', 'canceled', 'timedout'] as const;
		assert.equal(new Set(outcomes.map((outcome) => externalId({ ...separateJob('deploy'), outcome }))).size, 4);
	});

	test('does not mistake an environment for an outcome', () => {
		const environment = externalId({ ...separateJob('deploy'), environment: 'failed' }, 'production');
		const outcome = externalId({ ...separateJob('deploy'), outcome: 'failed', environment: 'production' });
		assert.notEqual(environment, outcome);
	});

	test('differs between deployments whose names contain the separator', () => {
		const joined = externalId(separateJob('a:production'), 'b');
		const split = externalId({ ...separateJob('a'), environment: 'production:production' }, 'b');
		assert.notEqual(joined, split);
	});

	test('is plain ASCII for any name', () => {
		const id = externalId({ environment: 'région/é "x"\\%' }, 'svc=ü');
		assert.equal(id, 'gitlab:gitlab.com:4711:job:903311:r%C3%A9gion/%C3%A9%20%22x%22%5C%25:svc%3D%C3%BC');
	});

	test('differs between a migration, a deployment and two summaries of one job', () => {
		const migration = externalId({}, 'svc_1', { change_type: 'database_migration' });
		assert.equal(migration, 'gitlab:gitlab.com:4711:job:903311:production:svc_1:type=database_migration');
		const summary = externalId({}, 'svc_1', { summary: 'Moved the basket' });
		assert.equal(summary, `gitlab:gitlab.com:4711:job:903311:production:svc_1:summary=${hashText('Moved the basket')}`);
		assert.notEqual(externalId({}, 'svc_1', { summary: 'Moved the shop' }), summary);
	});

	test('is the same for a deployment that is set by hand to be a rollback', () => {
		assert.equal(externalId({}, undefined, { change_type: 'rollback' }), externalId());
		assert.equal(externalId({}, undefined, { change_type: 'deployment' }), externalId());
	});

	test('is absent if the CI does not report its ids', () => {
		assert.equal(externalId({ key: undefined }), undefined);
	});

	test('is the id set by hand', () => {
		assert.equal(externalId({}, 'a', { external_id: 'r-1', summary: 'x' }), 'r-1');
	});

	test('of another source is the same deployment, whatever change type and summary were set by hand', () => {
		const id = String(externalId());
		const others: Partial<GivenFields>[] = [
			{},
			{ summary: 'x' },
			{ change_type: 'config_change' },
			{ change_type: 'other', summary: 'x' },
		];
		for (const fields of others) {
			assert.ok(isSameDeployment(String(externalId({}, undefined, fields)), id));
			assert.ok(isSameDeployment(id, String(externalId({}, undefined, fields))));
		}
		assert.ok(!isSameDeployment(String(externalId({}, 'svc_1')), id));
	});

	test('hashes a summary in arithmetic that awk has', () => {
		assert.equal(hashText(''), '00000000');
		assert.equal(hashText('a'), '00000061');
		assert.equal(hashText('ab'), '000061c3');
		assert.match(hashText('é'.repeat(1000)), /^[0-9a-f]{8}$/);
	});
});
