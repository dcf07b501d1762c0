import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { createGitlabProject } from '../support/gitlab-project.ts';
import { hostileText } from '../support/hostile-text.ts';
import { includeNotify } from '../support/include-notify.ts';
import { readRecordedEnvironments, recordEnvironment } from '../support/recorded-environment.ts';

const commands = { 'alert24-notify': recordEnvironment };
const stages = ['build', 'deploy'];
const build = { stage: 'build', script: ['true'] };
const deploy = { stage: 'deploy', script: ['true'] };
const fails = { script: ['false'] };
const twoInclusions = [includeNotify(), includeNotify({ job_prefix: 'both', record_failures: true })];

const hostileLine = hostileText.replaceAll('\n', ' ');

suite('a pipeline that includes the component notify', () => {
	test('runs the success job after the deploy job succeeded', async () => {
		await using project = await createGitlabProject(commands);
		const { exitCode } = await project.run({ stages, include: twoInclusions, build, deploy });
		const environments = await readRecordedEnvironments(project);
		assert.equal(exitCode, 0);
		assert.deepEqual(Object.keys(environments).sort(), ['alert24:success', 'both:success']);
		assert.deepEqual(environments['alert24:success'], {
			ALERT24_API_URL: 'https://app.alert24.net',
			ALERT24_CHANGED_BY: '',
			ALERT24_CHANGE_TYPE: 'auto',
			ALERT24_DEPLOY_JOB: 'deploy',
			ALERT24_DESCRIPTION: '',
			ALERT24_ENVIRONMENT: 'production',
			ALERT24_RISK_LEVEL: '',
			ALERT24_SERVICE_ID: '',
			ALERT24_ASSUMED_STATUS: 'success',
			ALERT24_SUMMARY: '',
			ALERT24_TAGS: '',
			ALERT24_TIMEOUT: '60',
			ALERT24_DEDUPE: 'always',
			ALERT24_LOOKUP: 'auto',
			ALERT24_NAME: '',
			ALERT24_UNDELIVERED_DIR: 'alert24-undelivered',
		});
	});

	test('runs the failure job only with record_failures', async () => {
		await using project = await createGitlabProject(commands);
		const { exitCode } = await project.run({ stages, include: twoInclusions, build, deploy: { ...deploy, ...fails } });
		const environments = await readRecordedEnvironments(project);
		assert.equal(exitCode, 1);
		assert.deepEqual(Object.keys(environments), ['both:failure']);
		assert.equal(environments['both:failure']?.['ALERT24_ASSUMED_STATUS'], 'failed');
		assert.equal(environments['both:failure']?.['ALERT24_RECORD_FAILURES'], 'true');
	});

	test('runs no job if the deploy job did not run', async () => {
		await using project = await createGitlabProject(commands);
		await project.run({ stages, include: twoInclusions, build: { ...build, ...fails }, deploy });
		assert.deepEqual(await readRecordedEnvironments(project), {});
	});

	test('runs no job if the rules do not match', async () => {
		await using project = await createGitlabProject(commands);
		const include = [includeNotify({ rules: [{ if: '$CI_COMMIT_TAG' }] })];
		assert.equal((await project.run({ stages, include, build, deploy })).exitCode, 0);
		assert.deepEqual(await readRecordedEnvironments(project), {});
	});

	test('stays green when the change could not be recorded, unless allow_failure is off', async () => {
		await using project = await createGitlabProject({ 'alert24-notify': 'exit 5' });
		const runWith = (inputs: object) => project.run({ stages, include: [includeNotify({ ...inputs })], build, deploy });
		assert.equal((await runWith({})).exitCode, 0);
		assert.equal((await runWith({ allow_failure: false })).exitCode, 1);
	});

	test('passes every text to the command exactly as it was set', async () => {
		await using project = await createGitlabProject(commands);
		const texts = ['environment', 'service_id', 'summary', 'description', 'change_tags', 'changed_by', 'api_url'];
		const include = [
			includeNotify({
				...Object.fromEntries(texts.map((name) => [name, `${name} ${hostileText}\n\n`])),
				deploy_job: hostileLine,
			}),
		];
		await project.run({ stages, include, build, [hostileLine]: deploy });
		const { 'alert24:success': environment } = await readRecordedEnvironments(project);
		assert.deepEqual(environment, {
			ALERT24_API_URL: `api_url ${hostileText}\n\n`,
			ALERT24_CHANGED_BY: `changed_by ${hostileText}\n\n`,
			ALERT24_CHANGE_TYPE: 'auto',
			ALERT24_DEPLOY_JOB: hostileLine,
			ALERT24_DESCRIPTION: `description ${hostileText}\n\n`,
			ALERT24_ENVIRONMENT: `environment ${hostileText}\n\n`,
			ALERT24_RISK_LEVEL: '',
			ALERT24_SERVICE_ID: `service_id ${hostileText}\n\n`,
			ALERT24_ASSUMED_STATUS: 'success',
			ALERT24_SUMMARY: `summary ${hostileText}\n\n`,
			ALERT24_TAGS: `change_tags ${hostileText}\n\n`,
			ALERT24_TIMEOUT: '60',
			ALERT24_DEDUPE: 'always',
			ALERT24_LOOKUP: 'auto',
			ALERT24_NAME: '',
			ALERT24_UNDELIVERED_DIR: 'alert24-undelivered',
		});
	});

	test('expands variables in its inputs, and $$ to a dollar sign', async () => {
		await using project = await createGitlabProject(commands);
		const inputs = { summary: '$CI_PROJECT_NAME for $$5, ${CI_DEFAULT_BRANCH}, $$HOME', dry_run: true };
		await project.run({ stages, include: [includeNotify(inputs)], build, deploy });
		const { 'alert24:success': environment } = await readRecordedEnvironments(project);
		assert.equal(environment?.['ALERT24_SUMMARY'], 'shop for $5, main, $HOME');
		assert.equal(environment?.['ALERT24_DRY_RUN'], 'true');
	});

	test('shields the command from the global variables and defaults of the project', async () => {
		await using project = await createGitlabProject({ 'alert24-notify': 'echo "options: <$NODE_OPTIONS>"' });
		const variables = { NODE_OPTIONS: '--require ./tracer.js' };
		const { log } = await project.run({
			...{ stages, include: [includeNotify()], build, deploy, variables },
			default: { before_script: ['echo project-script'], after_script: ['echo project-script'] },
		});
		assert.match(log, /alert24:success > options: <>/);
		assert.doesNotMatch(log, /alert24:success > project-script/);
		assert.match(log, /deploy +> project-script/);
	});
});
