import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { isPipelinesPart } from '../support/bitbucket-schemas.ts';
import type { RenderedJob } from '../support/gitlab-project.ts';
import { findMistakes, listInclusions } from './components.ts';
import { examples, parseYaml, readPage } from './pages.ts';
import { assertRenders, recordingJobs, runsCommand } from './rendered-examples.ts';

const gitlabExamples = examples.filter((path) => path.endsWith('gitlab-ci.yml'));
const bitbucketExamples = examples.filter((path) => path.endsWith('bitbucket-pipelines.yml'));
const keyOf = (path: string) => path.replace(/^examples\/|\.gitlab-ci\.yml$/g, '');

suite('the examples', () => {
	test('are listed in examples/README.md', () => {
		const index = readPage('examples/README.md');
		for (const path of examples) assert.ok(index.includes(`(${path.replace('examples/', '')})`), path);
	});

	test('begin with their purpose', () => {
		for (const path of examples) assert.match(readPage(path), /^# [\w`]/, path);
	});

	test('keep the pipeline green and the change, if the command runs in a job or step of its own', () => {
		for (const path of gitlabExamples) {
			const pipeline = parseYaml(readPage(path)) as Record<string, RenderedJob>;
			for (const [name, job] of Object.entries(pipeline).filter(([, job]) => runsCommand(job))) {
				assert.equal(job['allow_failure'], true, `${path}: ${name}`);
				assert.deepEqual((job['artifacts'] as { paths: string[] }).paths, ['alert24-undelivered'], `${path}: ${name}`);
			}
		}
		for (const path of bitbucketExamples) {
			const text = readPage(path);
			assert.match(text, /artifacts:\n\s+- alert24-undelivered\/\*\*/, path);
			for (const [line] of text.matchAll(/^.*- alert24-notify .*$/gm)) assert.match(line, / \|\| true$/, path);
		}
	});

	test('are valid for Bitbucket', () => {
		assert.ok(bitbucketExamples.length >= 2);
		for (const path of bitbucketExamples) assert.ok(isPipelinesPart(parseYaml(readPage(path))), path);
	});

	test('set inputs that the components have', () => {
		for (const path of gitlabExamples) assert.deepEqual(findMistakes(parseYaml(readPage(path))), [], path);
	});

	test('use the rules of the deploy job for notify', () => {
		for (const path of gitlabExamples) {
			const pipeline = parseYaml(readPage(path)) as Record<string, RenderedJob>;
			for (const { component, inputs } of listInclusions(pipeline)) {
				if (!component.includes('/notify@')) continue;
				const { deploy_job: name, rules = [{ if: '$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH' }] } = inputs ?? {};
				const job = pipeline[String(name)] ?? {};
				const template = pipeline[String(job['extends'])] ?? {};
				const conditions = (list: unknown) => (list as { if: string }[]).map((rule) => rule.if);
				assert.deepEqual(conditions(rules), conditions(job['rules'] ?? template['rules']), path);
			}
		}
	});

	test('start a child pipeline whose file exists', () => {
		const parent = readPage('examples/child-pipeline/parent.gitlab-ci.yml');
		const [, child = ''] = /trigger:\n\s+include:\n\s+- local: (\S+)\n/.exec(parent) ?? [];
		assert.ok(examples.includes(child), child);
	});

	test('are in the table of rendered examples', () => {
		assert.deepEqual(gitlabExamples.map(keyOf).sort(), [...Object.keys(recordingJobs), 'child-pipeline/parent'].sort());
	});

	// The slow tests render all of them.
	test('render to the jobs that record: monorepo', () => assertRenders('monorepo'));
});
