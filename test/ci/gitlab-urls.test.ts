import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { gitlabJob, runInProcess } from '../support/run-in-process.ts';

const userinfo = 'deployer:hunter2hunter2@';
const addUserinfo = (url: string) => url.replace('://', `://${userinfo}`);

suite('a URL of GitLab with a password', () => {
	async function buildChange(variables: Record<string, string>) {
		const environment = { ...gitlabJob, ALERT24_ENVIRONMENT: 'production', ALERT24_LOOKUP: 'never', ...variables };
		const { stdout } = await runInProcess(['--dry-run'], environment);
		assert.doesNotMatch(stdout, /hunter2/);
		return JSON.parse(stdout);
	}

	// GitLab makes this of 'Clone from $CI_REPOSITORY_URL'.
	for (const name of ['CI_REPOSITORY_URL', 'CI_PROJECT_URL', 'CI_PIPELINE_URL', 'MIRROR_URL']) {
		test(`is [redacted] in the texts that GitLab expands if it is in ${name}`, async () => {
			const url = addUserinfo('https://gitlab.com/shop/web-shop.git');
			const text = `Clone from ${url}`;
			const texts = { CI_COMMIT_MESSAGE: text, CI_COMMIT_BRANCH: text, CI_COMMIT_TAG: text };
			const { commit_message, branch, summary } = await buildChange({ [name]: url, ...texts });
			assert.deepEqual([commit_message, branch], ['Clone from [redacted]', 'Clone from [redacted]']);
			assert.equal(summary, 'Deployed web-shop Clone from [redacted] @ 5b1e7d20');
		});
	}

	test('is recorded without the user name and password', async () => {
		const change = await buildChange({
			CI_PIPELINE_URL: addUserinfo(gitlabJob.CI_PIPELINE_URL),
			CI_PROJECT_URL: addUserinfo(gitlabJob.CI_PROJECT_URL),
			CI_JOB_URL: addUserinfo(`${gitlabJob.CI_PROJECT_URL}/-/jobs/a@b`),
			CI_COMMIT_MESSAGE: 'Sort the basket\n\nSee merge request !12',
		});
		assert.equal(change.pipeline_url, gitlabJob.CI_PIPELINE_URL);
		assert.equal(change.pr_url, `${gitlabJob.CI_PROJECT_URL}/-/merge_requests/12`);
		assert.equal(change.description, `Job: ${gitlabJob.CI_PROJECT_URL}/-/jobs/a@b`);
	});
});
