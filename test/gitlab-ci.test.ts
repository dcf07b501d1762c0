import assert from 'node:assert/strict';
import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { createGitlabProject } from './support/gitlab-project.ts';

const projectRoot = join(import.meta.dirname, '..');

describe('the pipeline of this project', () => {
	it('is valid by the schema of GitLab, and reports on a sample deployment by the component of its own commit', async () => {
		await using project = await createGitlabProject();
		const jobs = await project.render(await readFile(join(projectRoot, '.gitlab-ci.yml'), 'utf8'));
		assert.deepEqual(jobs['test']?.['script'], ['npm test']);
		assert.deepEqual(jobs['build']?.['artifacts'], { paths: ['dist'] });
		const report = jobs['self-test:success'];
		assert.deepEqual(report?.['script'], ['alert24-notify']);
		assert.equal(report?.variables?.['ALERT24_DEPLOY_JOB'], 'deploy:sample');
		assert.equal(report?.variables?.['ALERT24_DRY_RUN'], 'true');
	});

	it('prints the change of the sample deployment', async () => {
		await using project = await createGitlabProject();
		const pipeline = await readFile(join(projectRoot, '.gitlab-ci.yml'), 'utf8');
		await cp(join(projectRoot, 'dist'), join(project.directory, 'dist'), { recursive: true });
		const { exitCode, log } = await project.run(pipeline, { CI_PIPELINE_SOURCE: 'push' }, 'self-test:success');
		assert.equal(exitCode, 0, log);
		assert.match(log, /self-test:success > +"summary": "Deployed shop @ /);
	});
});
