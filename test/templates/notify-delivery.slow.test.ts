import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, beforeEach, suite, test } from 'node:test';
import { hashText } from '../../src/change/external-id.ts';
import { type Alert24StandIn, startAlert24 } from '../../stand-in/alert24-stand-in.ts';
import { createGitlabProject, type GitlabProject } from '../support/gitlab-project.ts';
import { hostileText } from '../support/hostile-text.ts';
import { includeNotify } from '../support/include-notify.ts';

const bundle = join(import.meta.dirname, '../../dist/alert24-notify.js');
const command = `exec '${process.execPath}' '${bundle}' "$@"`;
const stages = ['deploy'];
const deploy = { stage: 'deploy', script: ['true'] };
const failingDeploy = { stage: 'deploy', script: ['false'] };

suite('the change that a pipeline with the component notify records', () => {
	let alert24: Alert24StandIn;
	let project: GitlabProject;
	before(async () => {
		project = await createGitlabProject({ 'alert24-notify': command });
	});
	beforeEach(async () => {
		await alert24?.close();
		alert24 = await startAlert24();
	});
	after(() => Promise.all([alert24.close(), project[Symbol.asyncDispose]()]));

	async function run(inputs: Record<string, unknown>, deployJob: object, jobName = 'deploy') {
		const include = [includeNotify({ api_url: alert24.url, deploy_job: jobName, ...inputs })];
		const result = await project.run(
			{ stages, include, [jobName]: deployJob },
			{
				ALERT24_API_KEY: alert24.apiKey,
				CI_PIPELINE_ID: '456',
				CI_PIPELINE_URL: 'https://gitlab.example.com/acme/shop/-/pipelines/456',
				CI_COMMIT_MESSAGE: 'Sell shoes',
			},
		);
		assert.doesNotMatch(result.log, new RegExp(alert24.apiKey));
		return result;
	}

	test('reports a success', async () => {
		const { log } = await run({}, deploy);
		assert.match(log, /alert24:success > Recorded: /);
		assert.deepEqual(
			alert24.sentChanges.map(({ summary, environment, tags }) => ({ summary, environment, tags })),
			[
				{
					summary: `Deployed shop @ ${project.commitSha.slice(0, 8)}`,
					environment: 'production',
					tags: ['gitlab', 'production'],
				},
			],
		);
	});

	test('reports a failure with record_failures', async () => {
		const { log } = await run({ record_failures: true }, failingDeploy);
		assert.match(log, /alert24:failure > Recorded: /);
		assert.deepEqual(
			alert24.sentChanges.map(({ summary, risk_level, tags }) => ({ summary, risk_level, tags })),
			[
				{
					summary: `Failed to deploy shop @ ${project.commitSha.slice(0, 8)}`,
					risk_level: 'high',
					tags: ['gitlab', 'production', 'failed'],
				},
			],
		);
	});

	test('contains every text exactly as the user set it', async () => {
		const line = hostileText.replaceAll(/\s+/g, ' ').slice(0, 200);
		const texts = {
			environment: `environment ${line}`,
			service_id: hostileText.replaceAll(/[\s,/]+/g, '-'),
			summary: `summary ${line}`,
			description: `description ${hostileText}`,
			changed_by: `changed by ${line}`,
			change_type: 'feature_flag',
			risk_level: 'critical',
		};
		await run({ ...texts, change_tags: 'one tag, "two", $(three)' }, deploy, `deploy: ${line}`);
		const id = [`deploy: ${line}`, 'success', texts.environment, texts.service_id].map(encodePart).join(':');
		const { description, ...change } = alert24.sentChanges[0] ?? { description: undefined };
		assert.match(String(description), /\nPipeline created: \S+$/);
		assert.equal(String(description).replace(/\nPipeline created: \S+$/, ''), texts.description);
		const { description: _, ...others } = texts;
		assert.deepEqual(
			[change],
			[
				{
					...others,
					source: 'gitlab-ci',
					commit_sha: project.commitSha,
					commit_message: 'Sell shoes',
					branch: 'main',
					pipeline_url: 'https://gitlab.example.com/acme/shop/-/pipelines/456',
					external_id: `gitlab:gitlab.example.com:1217:pipeline:456:${id}:type=feature_flag:summary=${hashText(texts.summary)}`,
					tags: ['gitlab', texts.environment, 'one tag', '"two"', '$(three)'],
				},
			],
		);
	});

	test('is printed, and not sent, by a dry run', async () => {
		const { log } = await run({ dry_run: true }, deploy);
		assert.match(log, /alert24:success > +"summary": "Deployed shop @ /);
		assert.deepEqual(alert24.requests, []);
	});

	test('passes its id to later jobs with dotenv', async () => {
		await run({ dotenv: true }, deploy);
		// gitlab-ci-local hands reports on only from jobs that run apart from the project's directory.
		const report = await readFile(join(project.directory, 'alert24.env'), 'utf8');
		assert.match(report, new RegExp(`^ALERT24_CHANGE_ID=${alert24.changes[0]?.id}$`, 'm'));
	});

	test('is not recorded again by a job that is retried', async () => {
		await run({ dedupe: 'always' }, deploy);
		const { log } = await run({ dedupe: 'always' }, deploy);
		assert.match(log, /alert24:success > Already recorded: /);
		assert.equal(alert24.changes.length, 1);
	});

	test('is sent later by a manual job that replays it, after Alert24 rejected it', async () => {
		const replay = {
			stage: '.post',
			rules: [{ when: 'manual', allow_failure: true }],
			needs: ['alert24:success'],
			script: ['alert24-notify replay alert24-undelivered'],
		};
		const include = [includeNotify({ api_url: alert24.url })];
		const pipeline = { stages, include, deploy, 'alert24:replay': replay };
		const variables = { ALERT24_API_KEY: alert24.apiKey };
		alert24.failAlways({ kind: 'status', status: 403 });
		const { log: refused } = await project.run(pipeline, variables);
		assert.match(refused, /NOT RECORDED: .*\n.*alert24-notify replay alert24-undelivered\n/);
		alert24.heal();
		const { log } = await project.run(pipeline, { ...variables, ALERT24_API_URL: alert24.url }, 'alert24:replay');
		assert.match(log, /alert24:replay > Recorded: /);
		assert.equal(alert24.changes.length, 1);
	});

	test('is absent, and the pipeline green, if Alert24 rejects it', async () => {
		alert24.failAlways({ kind: 'status', status: 403 });
		const { exitCode, log } = await run({}, deploy);
		assert.equal(exitCode, 0);
		assert.doesNotMatch(log, /Recorded/);
		assert.deepEqual(alert24.changes, []);
	});
});

function encodePart(part: string): string {
	return encodeURIComponent(part)
		.replaceAll('%2F', '/')
		.replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}
