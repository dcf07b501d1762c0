import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import type { GitlabProject } from './support/gitlab-project.ts';
import { createOwnProject, ownPipeline } from './support/own-project.ts';
import { childOf, findMissingNeeds, listJobs, pipelineKinds, type RenderedPipeline } from './support/pipeline-kinds.ts';

const projectRoot = join(import.meta.dirname, '..');

suite('the scenarios of this project', () => {
	let project: GitlabProject;
	let pipeline: RenderedPipeline;
	before(async () => {
		project = await createOwnProject();
		pipeline = (await project.render(ownPipeline)) as RenderedPipeline;
	});
	after(() => project[Symbol.asyncDispose]());

	for (const template of readdirSync(join(projectRoot, '.gitlab/scenarios'))) {
		const component = basename(template, '.yml');
		test(`runs the scenario ${component} in every pipeline on gitlab.com, with the image just built`, async () => {
			assert.match(
				JSON.stringify(pipeline[`scenario:${component}`]?.['trigger']),
				new RegExp(`scenarios/${component}\\.yml`),
			);
			const text = readFileSync(join(projectRoot, `.gitlab/scenarios/${template}`), 'utf8');
			const scenario = (await project.render(text)) as RenderedPipeline;
			assert.match(JSON.stringify(scenario), /\$CI_REGISTRY_IMAGE\/internal:\$SCENARIO_IMAGE_TAG/);
			for (const [name, kind] of Object.entries(pipelineKinds)) {
				if (kind['CI_SERVER_FQDN'] !== 'gitlab.com') continue;
				assert.ok(listJobs(pipeline, kind).includes(`scenario:${component}`), name);
				assert.deepEqual(findMissingNeeds(scenario, childOf(kind)), [], name);
				assert.ok(listJobs(scenario, childOf(kind)).length > 1, name);
			}
		});
	}
});
