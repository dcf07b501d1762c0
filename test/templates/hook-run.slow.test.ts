import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { type Alert24StandIn, startAlert24 } from '../../stand-in/alert24-stand-in.ts';
import { createGitlabProject, type GitlabProject } from '../support/gitlab-project.ts';
import { includeHook } from '../support/include-hook.ts';
import { whyWithoutTools } from '../support/toolbox.ts';

const stages = 'stages: [deploy]';

suite('a pipeline whose deploy jobs extend the component hook', { skip: whyWithoutTools }, () => {
	let project: GitlabProject;
	let alert24: Alert24StandIn;
	before(async () => {
		project = await createGitlabProject();
	});
	after(() => project[Symbol.asyncDispose]());

	async function run(inputs: object, jobs: string, variables: Record<string, string> = {}) {
		alert24 = await startAlert24();
		const settings = { ALERT24_API_KEY: alert24.apiKey, ALERT24_LOOKUP: 'never', ...variables };
		const include = JSON.stringify([includeHook({ api_url: alert24.url, ...inputs })]);
		const { log, exitCode } = await project.run(`include: ${include}\n${stages}\n${jobs}`, settings);
		await alert24.close();
		assert.ok(!log.includes(alert24.apiKey));
		return { log, exitCode, changes: alert24.sentChanges };
	}

	test('records each service that was deployed, and not the one that failed', async () => {
		const { changes, log, exitCode } = await run(
			{},
			`
.deploy: {stage: deploy, extends: .alert24, environment: production, script: ['true']}
cart: {extends: .deploy, variables: {ALERT24_SERVICE_ID: svc_cart}}
search: {extends: .deploy, variables: {ALERT24_SERVICE_ID: svc_search}, script: ['false']}
`,
		);
		assert.equal(exitCode, 1);
		assert.deepEqual(
			changes.map(({ service_id, summary, environment, source, tags, pr_number }) => ({
				service_id,
				summary,
				environment,
				source,
				tags,
				pr_number,
			})),
			[
				{
					service_id: 'svc_cart',
					summary: `Deployed shop @ ${project.commitSha.slice(0, 8)}`,
					environment: 'production',
					source: 'gitlab-ci',
					tags: ['gitlab', 'production'],
					pr_number: undefined,
				},
			],
		);
		assert.match(log, /cart .*> Recorded: Deployed shop @ \w{8} in "production" for service "svc_cart" \(change /);
		assert.match(log, /search .*> Not recorded: the deployment failed; set ALERT24_RECORD_FAILURES=true/);
	});

	test('records failures where asked to, also of a job that a signal ended or that was canceled', async () => {
		const { changes, exitCode } = await run(
			{ record_failures: true, environment: 'production' },
			`
.deploy: {stage: deploy, extends: .alert24}
failed: {extends: .deploy, script: ['exit 3']}
killed: {extends: .deploy, script: ['kill -TERM $$; sleep 5']}
canceled:
  extends: .deploy
  script: ['true']
  after_script:
    - export CI_JOB_STATUS=canceled # as GitLab's runner does, unlike gitlab-ci-local
    - !reference [.alert24, after_script]
`,
		);
		assert.equal(exitCode, 1);
		assert.deepEqual(
			changes.map(({ summary, risk_level, tags }) => [String(summary).replace(/ @ .*/, ''), risk_level, tags]).sort(),
			[
				['Canceled deployment of shop', 'high', ['gitlab', 'production', 'canceled']],
				['Failed to deploy shop', 'high', ['gitlab', 'production', 'failed']],
				['Failed to deploy shop', 'high', ['gitlab', 'production', 'failed']],
			],
		);
	});

	test('keeps the commands of an after_script of its own, before and after ours', async () => {
		const { changes, log, exitCode } = await run(
			{ environment: 'production' },
			`
deploy:
  stage: deploy
  extends: .alert24
  script: ['true']
  after_script:
    - mine=kept
    - !reference [.alert24, after_script]
    - echo "mine is $mine"
`,
		);
		assert.equal(exitCode, 0);
		assert.equal(changes.length, 1);
		assert.match(log, /> mine is kept\n/);
	});

	test('records by reference alone, with the inputs that are not texts and with variables of the job', async () => {
		const { changes } = await run(
			{ risk_level: 'medium', record_failures: true, summary: 'comes by extends only', change_tags: 'so do these' },
			`
deploy:
  stage: deploy
  script: ['false']
  variables: {ALERT24_ENVIRONMENT: staging, ALERT24_SUMMARY: 'Shoes, "new"'}
  after_script: !reference [.alert24, after_script]
`,
		);
		assert.deepEqual(
			changes.map(({ summary, risk_level, tags }) => ({ summary, risk_level, tags })),
			[{ summary: 'Failed: Shoes, "new"', risk_level: 'medium', tags: ['gitlab', 'staging', 'failed'] }],
		);
	});

	test('records each job of a matrix', async () => {
		const { changes } = await run(
			{ environment: 'production' },
			`
deploy:
  stage: deploy
  extends: .alert24
  script: ['true']
  parallel: {matrix: [{ALERT24_SERVICE_ID: [svc_a, svc_b, 'svc_c,svc_d']}]}
`,
		);
		assert.deepEqual(changes.map(({ service_id }) => service_id).sort(), ['svc_a', 'svc_b', 'svc_c', 'svc_d']);
		assert.equal(new Set(changes.map(({ external_id }) => external_id)).size, 4);
	});

	test('stays green where Alert24 does not take the change', async () => {
		const { log, exitCode } = await run(
			{ environment: 'production', timeout: 30 },
			`deploy: {stage: deploy, extends: .alert24, script: ['true']}`,
			{ ALERT24_API_KEY: 'ak_live_nobodys' },
		);
		assert.equal(exitCode, 0);
		assert.match(log, /NOT RECORDED: .*: Alert24 answered 401/);
	});
});
