import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import packageJson from '../../package.json' with { type: 'json' };
import { createGitlabProject, type GitlabProject, type RenderedJob } from '../support/gitlab-project.ts';
import { includeNotify } from '../support/include-notify.ts';
import { includeReplay } from '../support/include-replay.ts';

const stages = ['deploy'];
const deploy = { stage: 'deploy', script: ['true'] };

suite('the jobs of the component replay', () => {
	let project: GitlabProject;
	let jobs: Record<string, RenderedJob>;
	before(async () => {
		project = await createGitlabProject();
		const other = {
			job_prefix: 'other',
			record_failures: true,
			api_url: 'https://alert24.example.com',
			timeout: 30,
			verbose: true,
			rules: [{ if: '$CI_COMMIT_TAG' }],
			environment: 'staging',
			environment_scope: true,
			image: 'registry.example.com/mirror/alert24-notify',
			image_tag: '1.0.0@sha256:0a1b',
			runner_tags: ['docker'],
		};
		const notifyOther = includeNotify({ job_prefix: 'other', record_failures: true, rules: other.rules });
		const include = [includeNotify(), notifyOther, includeReplay(), includeReplay(other)];
		jobs = await project.render({ stages, include, deploy });
	});
	after(() => project[Symbol.asyncDispose]());

	test('are manual, do not hold the pipeline, and keep the folder if they fail', () => {
		assert.deepEqual(jobs['alert24:replay'], {
			stage: '.post',
			image: { name: `registry.gitlab.com/alert24/alert24-notify:${packageJson.version}`, entrypoint: [''] },
			before_script: [],
			after_script: [],
			services: [],
			cache: [],
			retry: 0,
			interruptible: false,
			timeout: '10 minutes',
			when: 'manual',
			allow_failure: true,
			rules: [{ if: '$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH' }],
			variables: { GIT_STRATEGY: 'none', ALERT24_API_URL: 'https://app.alert24.net', ALERT24_TIMEOUT: '240' },
			script: ['NODE_OPTIONS= NODE_DEBUG= alert24-notify replay alert24-undelivered'],
			artifacts: { when: 'on_failure', paths: ['alert24-undelivered'], expire_in: '30 days' },
			needs: [{ job: 'alert24:success', artifacts: true, optional: true }],
		});
		assert.deepEqual(jobs['alert24:replay:failure']?.['rules'], [{ when: 'never' }]);
	});

	test('follow both jobs of notify with record_failures', () => {
		const { needs, ...success } = jobs['other:replay'] ?? {};
		const { needs: needsOfFailure, ...failure } = jobs['other:replay:failure'] ?? {};
		assert.deepEqual(needs, [{ job: 'other:success', artifacts: true, optional: true }]);
		assert.deepEqual(needsOfFailure, [{ job: 'other:failure', artifacts: true, optional: true }]);
		assert.deepEqual(failure, success);
	});

	test('differ only where an input is set', () => {
		const { variables, needs: _, ...plain } = jobs['alert24:replay'] ?? {};
		const { needs: __, ...other } = jobs['other:replay'] ?? {};
		assert.deepEqual(other, {
			...plain,
			image: { name: 'registry.example.com/mirror/alert24-notify:1.0.0@sha256:0a1b', entrypoint: [''] },
			tags: ['docker'],
			rules: [{ if: '$CI_COMMIT_TAG' }],
			environment: { name: 'staging', action: 'verify' },
			variables: {
				...variables,
				ALERT24_API_URL: 'https://alert24.example.com',
				ALERT24_TIMEOUT: '30',
				ALERT24_VERBOSE: 'true',
			},
		});
	});
});
