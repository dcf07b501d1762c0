import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import packageJson from '../../package.json' with { type: 'json' };
import { createGitlabProject, type GitlabProject, type RenderedJob } from '../support/gitlab-project.ts';
import { includeNotify } from '../support/include-notify.ts';

const deploy = { stage: 'deploy', script: ['./deploy.sh'] };
const mainOnly = [{ if: '$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH' }];
const tagsOnly = [{ if: '$CI_COMMIT_TAG' }, { if: '$CI_PIPELINE_SOURCE == "schedule"' }];

const variants = {
	plain: {},
	switched: {
		record_failures: true,
		environment_scope: true,
		environment: 'review/$CI_COMMIT_REF_SLUG',
		runner_tags: ['docker', 'eu west'],
		dry_run: true,
		dotenv: true,
		dedupe: 'on-retry',
		lookup: 'never',
		name: 'basket',
		verbose: true,
		allow_failure: false,
		rules: tagsOnly,
		stage: 'report',
		timeout: 2.5,
		image: 'registry.example.com/mirror/alert24-notify',
		image_tag: '1.0.0@sha256:0a1b',
	},
	tagless: { record_failures: true, runner_tags: [] },
};

suite('the jobs of the component notify', () => {
	let project: GitlabProject;
	let jobs: Record<string, RenderedJob>;

	before(async () => {
		project = await createGitlabProject();
		jobs = await project.render({
			stages: ['deploy', 'report'],
			include: Object.entries(variants).map(([job_prefix, more]) => includeNotify({ job_prefix, ...more })),
			default: { image: 'node:24', services: ['postgres:17'], before_script: ['npm ci'], after_script: ['ls'] },
			deploy,
		});
	});
	after(() => project[Symbol.asyncDispose]());

	test('adds two jobs, and the one for failures runs only with record_failures', () => {
		assert.deepEqual(jobs['plain:success'], {
			stage: '.post',
			image: { name: `registry.gitlab.com/alert24/alert24-notify:${packageJson.version}`, entrypoint: [''] },
			before_script: [],
			after_script: [],
			services: [],
			cache: [],
			retry: 0,
			interruptible: false,
			timeout: '5 minutes',
			allow_failure: true,
			needs: [{ job: 'deploy', artifacts: false, optional: false }],
			rules: mainOnly,
			when: 'on_success',
			variables: {
				GIT_STRATEGY: 'none',
				ALERT24_DEPLOY_JOB: 'deploy',
				ALERT24_ENVIRONMENT: 'production',
				ALERT24_SERVICE_ID: '',
				ALERT24_CHANGE_TYPE: 'auto',
				ALERT24_RISK_LEVEL: '',
				ALERT24_NAME: '',
				ALERT24_SUMMARY: '',
				ALERT24_DESCRIPTION: '',
				ALERT24_TAGS: '',
				ALERT24_CHANGED_BY: '',
				ALERT24_API_URL: 'https://app.alert24.net',
				ALERT24_TIMEOUT: '60',
				ALERT24_DEDUPE: 'always',
				ALERT24_LOOKUP: 'auto',
				ALERT24_UNDELIVERED_DIR: 'alert24-undelivered',
				ALERT24_ASSUMED_STATUS: 'success',
			},
			script: ['NODE_OPTIONS= NODE_DEBUG= alert24-notify'],
			artifacts: { paths: ['alert24-undelivered'], when: 'on_failure', expire_in: '30 days' },
		});
		assert.deepEqual(jobs['plain:failure']?.['rules'], [{ when: 'never' }]);
	});

	test('differs for a failure only in `when` and the status', () => {
		const { variables, ...success } = jobs['tagless:success'] ?? {};
		assert.deepEqual(jobs['tagless:failure'], {
			...success,
			when: 'on_failure',
			variables: { ...variables, ALERT24_ASSUMED_STATUS: 'failed', ALERT24_RECORD_FAILURES: 'true' },
		});
	});

	test('changes exactly the keyword of each input', () => {
		const { variables, ...plain } = jobs['plain:success'] ?? {};
		assert.deepEqual(jobs['switched:success'], {
			...plain,
			stage: 'report',
			image: { name: 'registry.example.com/mirror/alert24-notify:1.0.0@sha256:0a1b', entrypoint: [''] },
			environment: { name: 'review/$CI_COMMIT_REF_SLUG', action: 'verify' },
			tags: ['docker', 'eu west'],
			allow_failure: false,
			rules: tagsOnly,
			variables: {
				...variables,
				ALERT24_ENVIRONMENT: 'review/$CI_COMMIT_REF_SLUG',
				ALERT24_TIMEOUT: '2.5',
				ALERT24_NAME: 'basket',
				ALERT24_DEDUPE: 'on-retry',
				ALERT24_LOOKUP: 'never',
				ALERT24_VERBOSE: 'true',
				ALERT24_DRY_RUN: 'true',
				ALERT24_RECORD_FAILURES: 'true',
				ALERT24_DOTENV_FILE: 'alert24.env',
			},
			artifacts: {
				paths: ['alert24-undelivered'],
				when: 'always',
				expire_in: '30 days',
				reports: { dotenv: 'alert24.env' },
			},
		});
		assert.deepEqual(jobs['switched:failure']?.['rules'], tagsOnly);
	});

	test('does not change another inclusion', () => {
		const { variables, ...plain } = jobs['plain:success'] ?? {};
		assert.deepEqual(jobs['tagless:success'], {
			...plain,
			variables: { ...variables, ALERT24_RECORD_FAILURES: 'true' },
		});
	});
});
