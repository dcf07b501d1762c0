import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { parseAllDocuments } from 'yaml';
import packageJson from '../../package.json' with { type: 'json' };
import { createGitlabProject, type GitlabProject, type RenderedJob } from '../support/gitlab-project.ts';
import { includeNotify } from '../support/include-notify.ts';

type Input = { description?: string; default?: unknown; options?: string[]; type?: string };

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
		allow_failure: false,
		rules: tagsOnly,
		stage: 'report',
		timeout: 2.5,
		image: 'registry.example.com/mirror/alert24-notify',
		image_tag: '1.0.0@sha256:0a1b',
	},
	tagless: { record_failures: true, runner_tags: [] },
};

describe('the component notify', () => {
	let project: GitlabProject;
	let jobs: Record<string, RenderedJob>;
	let inputs: Record<string, Input>;
	let body: Record<string, object>;

	before(async () => {
		project = await createGitlabProject();
		jobs = await project.render({
			stages: ['deploy', 'report'],
			include: Object.entries(variants).map(([job_prefix, more]) => includeNotify({ job_prefix, ...more })),
			default: { image: 'node:24', services: ['postgres:17'], before_script: ['npm ci'], after_script: ['ls'] },
			deploy,
		});
		const template = await readFile(join(import.meta.dirname, '../../templates/notify.yml'), 'utf8');
		const [header, content] = parseAllDocuments(template);
		inputs = header?.toJS().spec.inputs;
		body = content?.toJS();
	});
	after(() => project[Symbol.asyncDispose]());

	it('describes every input in one sentence', () => {
		for (const [name, { description }] of Object.entries(inputs)) {
			assert.match(description ?? '', /^[A-Z][^.]*\.?[^.]*[^.]\.$/, name);
		}
	});

	it('uses every input that it declares, and no other', () => {
		const used = [...JSON.stringify(body).matchAll(/\$\[\[ inputs\.(\w+) \]\]/g)].map(([, name]) => name);
		assert.deepEqual([...new Set(used)].sort(), Object.keys(inputs).sort());
	});

	it('has no empty hidden job, which GitLab refuses though gitlab-ci-local does not', () => {
		for (const [name, job] of Object.entries(body)) assert.notDeepEqual(job, {}, name);
	});

	it('runs the image of its own version', () => {
		assert.equal(inputs['image_tag']?.default, packageJson.version);
	});

	it('adds two jobs, of which only the one for a success runs unless failures are asked for', () => {
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
				NODE_OPTIONS: '',
				ALERT24_DEPLOY_JOB: 'deploy',
				ALERT24_ENVIRONMENT: 'production',
				ALERT24_SERVICE_ID: '',
				ALERT24_CHANGE_TYPE: 'auto',
				ALERT24_RISK_LEVEL: '',
				ALERT24_SUMMARY: '',
				ALERT24_DESCRIPTION: '',
				ALERT24_TAGS: '',
				ALERT24_CHANGED_BY: '',
				ALERT24_API_URL: 'https://app.alert24.net',
				ALERT24_TIMEOUT: '60',
				ALERT24_UNDELIVERED_FILE: 'alert24-undelivered.json',
				ALERT24_STATUS: 'success',
			},
			script: ['alert24-notify'],
			artifacts: { paths: ['alert24-undelivered.json'], when: 'on_failure', expire_in: '30 days' },
		});
		assert.deepEqual(jobs['plain:failure']?.['rules'], [{ when: 'never' }]);
	});

	it('differs for a failure only in when it runs and what it says', () => {
		const { variables, ...success } = jobs['tagless:success'] ?? {};
		assert.deepEqual(jobs['tagless:failure'], {
			...success,
			when: 'on_failure',
			variables: { ...variables, ALERT24_STATUS: 'failed', ALERT24_RECORD_FAILURES: 'true' },
		});
	});

	it('changes exactly what each input names', () => {
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
				ALERT24_DRY_RUN: 'true',
			},
		});
		assert.deepEqual(jobs['switched:failure']?.['rules'], tagsOnly);
	});

	it('leaves an inclusion beside it alone', () => {
		const { variables, ...plain } = jobs['plain:success'] ?? {};
		assert.deepEqual(jobs['tagless:success'], { ...plain, variables });
	});

	for (const name of ['deploy_job', 'environment']) {
		it(`needs the input ${name}`, async () => {
			const { [name]: _, ...rest } = includeNotify().inputs as Record<string, unknown>;
			const pipeline = { include: [{ ...includeNotify(), inputs: rest }], deploy };
			await assert.rejects(project.render(pipeline), new RegExp(`\`${name}\` input: required value`));
		});
	}

	for (const [name, value, complaint] of [
		['change_type', 'deploy', 'not in the list of allowed options'],
		['risk_level', 'severe', 'not in the list of allowed options'],
		['timeout', 'a minute', 'provided value is not a number'],
		['record_failures', 'yes', 'provided value is not a boolean'],
		['runner_tags', 'docker', 'provided value is not a array'],
	] as const) {
		it(`refuses ${value} as ${name}`, async () => {
			const pipeline = { include: [includeNotify({ [name]: value })], deploy };
			await assert.rejects(project.render(pipeline), new RegExp(`\`${name}\` input: .*${complaint}`));
		});
	}
});
