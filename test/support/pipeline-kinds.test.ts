import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import {
	childOf,
	findMissingNeeds,
	findReleasesWithoutCheckout,
	listJobs,
	pipelineKinds,
	type RenderedPipeline,
} from './pipeline-kinds.ts';

const script = ['true'];
const onTag = [{ if: '$CI_COMMIT_TAG' }];
const ofMergeRequest = pipelineKinds['of a merge request on a mirror'] ?? {};

suite('listJobs', () => {
	const pipeline: RenderedPipeline = {
		plain: { script },
		tag: { script, rules: onTag },
		home: { script, rules: [{ if: '$CI_SERVER_FQDN != "gitlab.com"', when: 'never' }, {}] },
		any: { trigger: {}, rules: [{ if: '$CI_COMMIT_TAG || $CI_COMMIT_BRANCH == "main" && $CI_PIPELINE_SOURCE' }] },
	};
	const expected = {
		'of a branch on gitlab.com': ['plain', 'home', 'any'],
		'of a tag on gitlab.com': ['plain', 'tag', 'home', 'any'],
		'of a merge request on gitlab.com': ['home'],
		'of a branch on a mirror': ['plain', 'any'],
		'of a tag on a mirror': ['plain', 'tag', 'any'],
		'of a merge request on a mirror': [],
	};
	for (const [name, kind] of Object.entries(pipelineKinds)) {
		test(`evaluates the rules in a pipeline ${name}`, () => {
			assert.deepEqual(listJobs(pipeline, kind), expected[name as keyof typeof expected]);
		});
	}

	test('drops a job without rules from the child pipeline of a merge request pipeline', () => {
		assert.deepEqual(listJobs({ plain: { script } }, childOf(ofMergeRequest)), []);
	});

	test('keeps a job without rules in a merge request pipeline with workflow rules', () => {
		assert.deepEqual(listJobs({ workflow: { rules: [{}] }, plain: { script } }, ofMergeRequest), ['plain']);
	});

	test('refuses a rule that it cannot evaluate', () => {
		for (const rule of [{ if: '$CI_COMMIT_TAG =~ /^v/' }, { changes: ['src'] }])
			assert.throws(() => listJobs({ tag: { script, rules: [rule] } }, ofMergeRequest), /supports? /);
	});
});

suite('findMissingNeeds', () => {
	test('finds a need that runs in fewer pipelines than its job', () => {
		const pipeline = { build: { script, rules: onTag }, test: { script, rules: [{}], needs: [{ job: 'build' }] } };
		assert.deepEqual(findMissingNeeds(pipeline, ofMergeRequest), ['test needs build']);
		assert.deepEqual(findMissingNeeds(pipeline, pipelineKinds['of a tag on a mirror'] ?? {}), []);
	});

	test('accepts a missing job that is optional', () => {
		const pipeline = { test: { script, rules: [{}], needs: [{ job: 'build', optional: true }] } };
		assert.deepEqual(findMissingNeeds(pipeline, ofMergeRequest), []);
	});
});

suite('findReleasesWithoutCheckout', () => {
	for (const strategy of ['none', 'empty']) {
		test(`finds a release with GIT_STRATEGY ${strategy}, of the job or of the pipeline`, () => {
			const variables = { GIT_STRATEGY: strategy };
			assert.deepEqual(findReleasesWithoutCheckout({ release: { script, release: {}, variables } }), ['release']);
			assert.deepEqual(findReleasesWithoutCheckout({ variables, release: { script, release: {} } }), ['release']);
		});
	}

	test('accepts a release with a checkout and other jobs without one', () => {
		const pipeline = { release: { script, release: {} }, scan: { script, variables: { GIT_STRATEGY: 'none' } } };
		assert.deepEqual(findReleasesWithoutCheckout(pipeline), []);
	});
});
