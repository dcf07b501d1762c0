import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import manifest from '../../package.json' with { type: 'json' };
import { createGitlabProject, type GitlabProject, type RenderedJob } from '../support/gitlab-project.ts';
import { includeSync } from '../support/include-sync.ts';

const stages = ['build', 'deploy'];
const deploy = { stage: 'deploy', script: ['true'] };
const services = 'deploy-cart=svc_cart, deploy-search=svc_search';

suite('The job of the component sync', () => {
	let project: GitlabProject;
	let jobs: Record<string, RenderedJob>;
	before(async () => {
		project = await createGitlabProject();
		const other = includeSync({
			job_prefix: 'other',
			record_failures: true,
			dry_run: true,
			services,
			environment: 'production, staging',
			name: 'shop',
			stage: 'deploy',
			timeout: 30,
			runner_tags: ['docker'],
			allow_failure: false,
			rules: [{ if: '$CI_COMMIT_TAG' }],
		});
		jobs = await project.render({ stages, include: [includeSync(), other], deploy });
	});
	after(() => project[Symbol.asyncDispose]());

	test('runs after success and failure, one at a time, and fetches nothing', () => {
		assert.deepEqual(jobs['alert24:sync'], {
			stage: '.post',
			image: { name: `registry.gitlab.com/alert24/alert24-notify:${manifest.version}`, entrypoint: [''] },
			before_script: [],
			after_script: [],
			services: [],
			cache: [],
			retry: 0,
			interruptible: false,
			timeout: '10 minutes',
			when: 'always',
			resource_group: 'alert24-sync',
			allow_failure: true,
			rules: [{ if: '$CI_PIPELINE_SOURCE == "schedule"' }, { if: '$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH' }],
			variables: {
				GIT_STRATEGY: 'none',
				ALERT24_ENVIRONMENT: '',
				ALERT24_SERVICES: '',
				ALERT24_SERVICE_ID: '',
				ALERT24_NAME: '',
				ALERT24_TAGS: '',
				ALERT24_API_URL: 'https://app.alert24.net',
				ALERT24_TIMEOUT: '120',
				ALERT24_UNDELIVERED_DIR: 'alert24-undelivered',
			},
			script: ['NODE_OPTIONS= NODE_DEBUG= alert24-notify sync'],
			artifacts: { when: 'always', paths: ['alert24-undelivered/'], expire_in: '30 days' },
		});
	});

	test('changes only where an input is set', () => {
		const { variables, ...plain } = jobs['alert24:sync'] ?? {};
		assert.deepEqual(jobs['other:sync'], {
			...plain,
			stage: 'deploy',
			tags: ['docker'],
			allow_failure: false,
			rules: [{ if: '$CI_COMMIT_TAG' }],
			variables: {
				...variables,
				ALERT24_ENVIRONMENT: 'production, staging',
				ALERT24_SERVICES: services,
				ALERT24_NAME: 'shop',
				ALERT24_TIMEOUT: '30',
				ALERT24_RECORD_FAILURES: 'true',
				ALERT24_DRY_RUN: 'true',
			},
		});
	});
});
