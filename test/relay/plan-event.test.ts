import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { readBitbucketEvent } from '../../src/relay/bitbucket-event.ts';
import { readGitlabEvent } from '../../src/relay/gitlab-event.ts';
import { planEvent } from '../../src/relay/plan-event.ts';
import { readPostServicePayload } from '../../src/relay/post-service-payload.ts';
import type { ReportedEvent } from '../../src/relay/reported-event.ts';
import { readRules } from '../../src/relay/rules.ts';

const folder = new URL('events/', import.meta.url);

function load(name: string): { event: string; payload: Record<string, unknown>; external_ids?: string[] } {
	return JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8'));
}

function plan(event: ReportedEvent, yaml: string) {
	const result = readRules(yaml);
	assert.ok('rules' in result, JSON.stringify(result));
	return planEvent(event, result.rules);
}

function planChanges(event: ReportedEvent, yaml: string) {
	return plan(event, yaml).flatMap((one) => (one.result === 'accepted' ? one.changes : []));
}

const everything = 'rules: [{project: "**", record_failures: true}]';
const push = readBitbucketEvent('repo:push', load('bitbucket-push').payload);

suite('planEvent', () => {
	for (const file of readdirSync(folder)) {
		const { payload, external_ids: ids } = load(file.replace('.json', ''));
		if (ids === undefined) continue;
		test(`${file}: the external_id is that of the hook`, () => {
			const changes = planChanges(readGitlabEvent(payload), everything);
			assert.deepEqual(
				changes.map(({ change }) => change.external_id),
				ids,
			);
		});
	}

	test('a push is a change of code', () => {
		const rules = 'rules: [{project: acme/*, branch: master, environment: production}]';
		assert.deepEqual(
			planChanges(push, rules).map(({ change }) => change),
			[
				{
					summary: 'Pushed legacy @ 709d658d',
					change_type: 'code',
					source: 'bitbucket',
					commit_sha: '709d658dc5b6d6afcd46049c2f332ee3f515a67d',
					commit_message: 'Fix the till',
					branch: 'master',
					environment: 'production',
					changed_by: 'Emma Paul',
					external_id: 'bitbucket:push:673a6070-3421-46c9-9d48-90745f7bfe8e:master:709d658dc5b6:production',
					tags: ['bitbucket', 'master'],
				},
			],
		);
	});

	test('a rule declares that a push deploys, for two services, and sets fields', () => {
		const rules = `
rules:
- {project: acme/*, branch: master, environment: production, service_id: [svc_a, svc_b],
  change_type: deployment, risk_level: medium, tags: [till], name: Till}`;
		const changes = planChanges(push, rules).map(({ change }) => change);
		assert.deepEqual(
			changes.map(({ summary, change_type, risk_level, tags, service_id }) => [
				summary,
				change_type,
				risk_level,
				tags,
				service_id,
			]),
			['svc_a', 'svc_b'].map((id) => [
				'Deployed Till @ 709d658d',
				'deployment',
				'medium',
				['bitbucket', 'master', 'till'],
				id,
			]),
		);
	});

	test('a push to a repository by the POST service has the words of the pipeline recipe', () => {
		const event = readPostServicePayload(load('post-service-git').payload);
		const rules = 'rules: [{project: marcus/project-x, branch: master, environment: production}]';
		const [planned] = planChanges(event, rules);
		assert.deepEqual([planned?.change.summary, planned?.change.change_type], ['Pushed project-x @ 620ade18', 'code']);
	});

	const failed = readGitlabEvent(load('gitlab-deployment-failed-relative-url').payload);
	const neverStarted = readGitlabEvent(load('gitlab-job-never-started').payload);
	const timedOut = readGitlabEvent(load('gitlab-job-timed-out').payload);

	test('a failure needs record_failures', () => {
		const [one] = plan(failed, 'rules: [{project: "**"}]');
		assert.deepEqual(one, {
			result: 'ignored',
			reason: 'the outcome is failed and rule 1 does not set record_failures',
			project: 'plat/api',
		});
		const rules = 'record_failures: true\nrules: [{project: "**", record_failures: false}]';
		assert.equal(plan(failed, rules)[0]?.result, 'ignored');
	});

	test('a failure without a known start must be shown to have run', () => {
		assert.deepEqual(
			planChanges(failed, everything).map(({ facts }) => facts.needsStart),
			[true],
		);
		assert.deepEqual(
			planChanges(timedOut, everything).map(({ facts, change }) => [facts.needsStart, change.summary]),
			[[false, 'Timed out deploying web-shop @ 5b1e7d20']],
		);
		assert.equal(plan(neverStarted, everything)[0]?.result, 'never_started');
	});

	test('a change that the schema rejects is invalid', () => {
		const event = readGitlabEvent({ ...load('gitlab-deployment-success').payload, environment: 'ä'.repeat(6000) });
		// The external_id becomes too long.
		assert.equal(plan(event, everything)[0]?.result, 'invalid');
	});

	test('changes of one environment share a lane', () => {
		const one = planChanges(readGitlabEvent(load('gitlab-deployment-success').payload), everything);
		const two = planChanges(readGitlabEvent(load('gitlab-deployment-release-branch').payload), everything);
		const other = planChanges(readGitlabEvent(load('gitlab-deployment-by-api').payload), everything);
		assert.equal(one[0]?.lane, two[0]?.lane);
		assert.notEqual(one[0]?.lane, other[0]?.lane);
	});
});
