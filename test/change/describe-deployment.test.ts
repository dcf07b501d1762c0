import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { buildChange } from '../../src/change/build-change.ts';
import type { Deployment, Overrides } from '../../src/change/deployment.ts';
import { deployment } from '../support/deployment.ts';

const rollback = { kind: 'rollback' } as const;
const job = {
	url: 'https://gitlab.com/shop/web-shop/-/jobs/903311',
	startedAt: '2026-08-14T09:20:00Z',
	finishedAt: '2026-08-14T09:20:42Z',
	durationSeconds: 41.7,
};

function build(facts: Partial<Deployment>, overrides: Partial<Overrides> = {}) {
	return buildChange({ ...deployment, ...facts }, { fields: {}, name: undefined, tags: [], ...overrides }, undefined);
}

suite('the summary of a change', () => {
	const rows: [string, Partial<Deployment>, Partial<Overrides>?][] = [
		['Deployed web-shop @ 5b1e7d20', {}],
		['Failed to deploy web-shop @ 5b1e7d20', { outcome: 'failed' }],
		['Canceled deployment of web-shop @ 5b1e7d20', { outcome: 'canceled' }],
		['Timed out deploying web-shop @ 5b1e7d20', { outcome: 'timedout' }],
		['Rolled back web-shop to 5b1e7d20', rollback],
		['Failed to roll back web-shop to 5b1e7d20', { ...rollback, outcome: 'failed' }],
		['Canceled rollback of web-shop to 5b1e7d20', { ...rollback, outcome: 'canceled' }],
		['Timed out rolling back web-shop to 5b1e7d20', { ...rollback, outcome: 'timedout' }],
		['Deployed web-shop v1.2.3 @ 5b1e7d20', { tag: 'v1.2.3' }],
		['Rolled back web-shop to v1.2.3 @ 5b1e7d20', { ...rollback, tag: 'v1.2.3' }],
		['Pushed web-shop @ 5b1e7d20', { kind: 'push' }],
		['Deployed web-shop @ 5b1e7d20', { kind: 'redeployment' }],
		[
			'Deployed the project',
			{ project: undefined, commit: { sha: undefined, shortSha: undefined, message: undefined } },
		],
		['Deployed basket @ 5b1e7d20', {}, { name: 'basket' }],
		['Rolled back basket to 5b1e7d20', rollback, { name: 'basket' }],
		['Deployed web-shop @ 5b1e7d20', rollback, { fields: { change_type: 'config_change' } }],
		['Rolled back web-shop to 5b1e7d20', {}, { fields: { change_type: 'rollback' } }],
		['Moved the basket', {}, { fields: { summary: 'Moved the basket' } }],
		['Failed: Moved the basket', { outcome: 'failed' }, { fields: { summary: 'Moved the basket' } }],
		['Canceled: Moved the basket', { outcome: 'canceled' }, { fields: { summary: 'Moved the basket' } }],
		['Timed out: Moved the basket', { outcome: 'timedout' }, { fields: { summary: 'Moved the basket' } }],
		['Rolled back: Moved the basket', rollback, { fields: { summary: 'Moved the basket' } }],
		['Failed: Moved the basket', { ...rollback, outcome: 'failed' }, { fields: { summary: 'Moved the basket' } }],
		[`Failed: ${'x'.repeat(246)}…`, { outcome: 'failed' }, { fields: { summary: 'x'.repeat(255) } }],
	];
	for (const [summary, facts, overrides] of rows) {
		test(`is "${summary.slice(0, 60)}" for ${JSON.stringify([facts, overrides]).slice(0, 80)}`, () =>
			assert.equal(build(facts, overrides).summary, summary));
	}
});

suite('the description of a change', () => {
	test('is absent if there is nothing to describe', () => assert.equal(build({}).description, undefined));

	test('lists the user’s text, then every fact without a field, one per line', () => {
		const { description } = build(
			{
				kind: 'redeployment',
				tag: 'v1',
				job,
				pipeline: { url: undefined, createdAt: '2026-08-14T09:14:02Z' },
				previous: {
					sha: '0e8d3b6a',
					deployedAt: '2026-08-13T10:00:00Z',
					compareUrl: 'https://gitlab.com/shop/web-shop/-/compare/0e8d3b6a...5b1e7d20',
				},
				mergeRequests: ['!12', '!13'],
			},
			{ fields: { description: 'Ask Ada.' } },
		);
		assert.equal(
			description,
			[
				'Ask Ada.',
				'Git tag: v1',
				'Job: https://gitlab.com/shop/web-shop/-/jobs/903311',
				'Pipeline created: 2026-08-14T09:14:02Z',
				'Started: 2026-08-14T09:20:00Z',
				'Finished: 2026-08-14T09:20:42Z',
				'Duration: 42 s',
				'Previous commit: 0e8d3b6a (deployed 2026-08-13T10:00:00Z)',
				'Compare: https://gitlab.com/shop/web-shop/-/compare/0e8d3b6a...5b1e7d20',
				'Re-deployment of the same commit',
				'Merge requests: !12, !13',
			].join('\n'),
		);
	});

	test('names a first deployment', () => {
		assert.equal(build({ kind: 'first-deployment' }).description, 'First deployment to this environment');
	});
});

suite('the type and risk of a change', () => {
	test('follow from the kind and the outcome, and the user’s values override them', () => {
		const { change_type: type, risk_level: risk, tags } = build({ ...rollback, outcome: 'failed' });
		assert.deepEqual(
			{ type, risk, tags },
			{ type: 'rollback', risk: 'high', tags: ['gitlab', 'production', 'failed'] },
		);
		assert.equal(build({ kind: 'push' }).change_type, 'code');
		assert.equal(build({ kind: 'first-deployment' }).change_type, 'deployment');
		assert.equal(build({ outcome: 'failed' }, { fields: { risk_level: 'low' } }).risk_level, 'low');
		assert.equal(build(rollback, { fields: { change_type: 'other' } }).change_type, 'other');
	});
});
