import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { buildChange } from '../../src/change/build-change.ts';
import { readGitlabRun } from '../../src/ci/gitlab.ts';
import type { Outcome } from '../../src/outcome.ts';
import { readSettings } from '../../src/settings/settings.ts';
import { gitlabJob } from '../support/run-in-process.ts';

type Case = { job?: Record<string, string>; settings?: Record<string, string>; outcome?: Outcome; service?: string };

function externalId({ job = {}, settings = {}, outcome = 'success', service }: Case): string | undefined {
	const deployment = {
		run: readGitlabRun({ ...gitlabJob, ...job }),
		settings: readSettings(settings, {}).settings,
		outcome,
		environment: 'production',
	};
	return buildChange(deployment, service).external_id;
}

describe('the external id of a change', () => {
	it('names the deploy job, the environment and the service', () => {
		assert.equal(externalId({ service: 'svc_1' }), 'gitlab:gitlab.com:4711:job:903311:production:svc_1');
		assert.equal(externalId({}), 'gitlab:gitlab.com:4711:job:903311:production');
	});

	it('is another for a job that GitLab runs again to roll back, in the same old pipeline', () => {
		assert.notEqual(externalId({ job: { CI_JOB_ID: '903312' } }), externalId({}));
	});

	it('names the pipeline and the deploy job in a separate job, which is another job each time it is retried', () => {
		const settings = { ALERT24_DEPLOY_JOB: 'deploy: eu' };
		const id = externalId({ settings });
		assert.equal(id, 'gitlab:gitlab.com:4711:pipeline:81234:deploy%3A eu:production');
		assert.equal(externalId({ settings, job: { CI_JOB_ID: '903312' } }), id);
	});

	it('tells a deployment that failed from its retry that succeeded', () => {
		const settings = { ALERT24_DEPLOY_JOB: 'deploy' };
		const ids = (['success', 'failed', 'canceled', 'timedout'] as const).map((outcome) =>
			externalId({ settings, outcome }),
		);
		assert.equal(new Set(ids).size, 4);
	});

	it('cannot be that of another deployment, whatever the names hold', () => {
		const joined = externalId({ settings: { ALERT24_DEPLOY_JOB: 'a:production' }, service: 'b' });
		const split = externalId({ settings: { ALERT24_DEPLOY_JOB: 'a' }, service: 'production:b' });
		assert.notEqual(joined, split);
	});

	it('is absent where GitLab does not tell its ids', () => {
		assert.equal(externalId({ job: { CI_JOB_ID: undefined as unknown as string } }), undefined);
	});

	it('is the user’s, told apart by service where there are several', () => {
		assert.equal(externalId({ settings: { ALERT24_EXTERNAL_ID: 'r-1' }, service: 'a' }), 'r-1');
		const settings = { ALERT24_EXTERNAL_ID: 'r-1', ALERT24_SERVICE_ID: 'a,b' };
		assert.equal(externalId({ settings, service: 'b' }), 'r-1:b');
	});
});
