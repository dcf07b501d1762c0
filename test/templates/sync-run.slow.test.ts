import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { createGitlabProject } from '../support/gitlab-project.ts';
import { includeSync } from '../support/include-sync.ts';
import { readRecordedEnvironments, recordEnvironment } from '../support/recorded-environment.ts';

const stages = ['build', 'deploy'];
const deploy = { stage: 'deploy', script: ['true'] };
const services = 'deploy-cart=svc_cart, deploy-search=svc_search';

suite('A pipeline that includes the component sync', () => {
	for (const [title, script, exitCode] of [
		['succeeded', 'true', 0],
		['failed', 'false', 1],
	] as const) {
		test(`runs it after a deploy job that ${title}`, async () => {
			await using project = await createGitlabProject({ 'alert24-notify': recordEnvironment });
			const include = [includeSync({ services })];
			const result = await project.run({ stages, include, deploy: { ...deploy, script: [script] } });
			const environments = await readRecordedEnvironments(project);
			assert.equal(result.exitCode, exitCode, result.log);
			assert.deepEqual(Object.keys(environments), ['alert24:sync']);
			assert.equal(environments['alert24:sync']?.['ALERT24_SERVICES'], services);
		});
	}
});
