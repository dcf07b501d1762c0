import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { createGitlabProject } from '../support/gitlab-project.ts';
import { readRecordedEnvironments, recordEnvironment } from '../support/recorded-environment.ts';
import { includeCommitUnderTest, listInclusions } from './components.ts';
import { pages, parseYaml, readBlocks, readPage } from './pages.ts';
import { assertRenders, recordingJobs } from './rendered-examples.ts';

const readExample = (name: string) => includeCommitUnderTest(readPage(`examples/${name}.gitlab-ci.yml`));
/** Replaces the calls of scripts that a project would contain. */
const withoutScripts = (yaml: string) => yaml.replaceAll('- ./', '- echo ./');

suite('gitlab-ci-local', () => {
	for (const name of Object.keys(recordingJobs)) {
		test(`renders the example ${name}`, () => assertRenders(name));
	}

	for (const block of pages
		.flatMap((page) => readBlocks(page, 'yaml'))
		.filter(({ text }) => text.includes('include:'))) {
		test(`renders the snippet of ${block.page}, line ${block.line}`, async () => {
			await using project = await createGitlabProject();
			const pipeline = parseYaml(block.text);
			const deployJobs = listInclusions(pipeline).flatMap(({ inputs }) => inputs?.['deploy_job'] ?? []);
			const missing = [...new Set(deployJobs.map(String)), 'any'].filter((job) => !(job in (pipeline as object)));
			const jobs = missing.map((job) => `${job}: {stage: deploy, script: ['true']}`).join('\n');
			const stages = block.text.includes('stages:') ? '' : 'stages: [build, deploy, test]\n';
			// `replay` follows the jobs of `notify`, which the snippet does not repeat.
			const rendered = await project.render(`${stages}${includeCommitUnderTest(block.text)}\n${jobs}`);
			assert.ok(Object.keys(rendered).length > missing.length);
		});
	}
});

suite('a run of the examples', () => {
	for (const [name, jobs] of [
		['one-service', ['alert24:success']],
		['several-environments', ['alert24-production:success', 'alert24-staging:success']],
		['own-job', ['record']],
	] as const) {
		test(`${name} calls the command after the deploy job`, async () => {
			await using project = await createGitlabProject({ 'alert24-notify': recordEnvironment });
			const { exitCode, log } = await project.run(withoutScripts(readExample(name)));
			assert.equal(exitCode, 0, log);
			assert.deepEqual(Object.keys(await readRecordedEnvironments(project)).sort(), jobs);
		});

		test(`${name} stays green if Alert24 is down`, async () => {
			const keep = 'mkdir -p alert24-undelivered; echo change >alert24-undelivered/change.json; exit 5';
			await using project = await createGitlabProject({ 'alert24-notify': keep });
			const { exitCode, log } = await project.run(withoutScripts(readExample(name)));
			assert.equal(exitCode, 0, log);
			assert.match(log, /WARN 5/);
		});
	}
});
