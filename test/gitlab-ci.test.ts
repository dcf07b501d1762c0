import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { GitlabProject } from './support/gitlab-project.ts';
import { createOwnProject, ownPipeline } from './support/own-project.ts';
import {
	findMissingNeeds,
	findReleasesWithoutCheckout,
	jobsOf,
	listJobs,
	pipelineKinds,
	type RenderedPipeline,
} from './support/pipeline-kinds.ts';

suite('the pipeline of this project', () => {
	let project: GitlabProject;
	let pipeline: RenderedPipeline;
	before(async () => {
		project = await createOwnProject();
		// Throws if GitLab's JSON schema rejects the pipeline.
		pipeline = (await project.render(ownPipeline)) as RenderedPipeline;
	});
	after(() => project[Symbol.asyncDispose]());

	for (const [name, kind] of Object.entries(pipelineKinds)) {
		test(`contains every job that a job needs, ${name}`, () => {
			assert.ok(listJobs(pipeline, kind).includes('check'));
			assert.deepEqual(findMissingNeeds(pipeline, kind), []);
		});
	}

	test('checks out the components for a release', () => {
		assert.ok(jobsOf(pipeline).some(([, job]) => job['release'] !== undefined));
		assert.deepEqual(findReleasesWithoutCheckout(pipeline), []);
	});

	test('publishes an image only on gitlab.com and only of a tag', () => {
		for (const [name, kind] of Object.entries(pipelineKinds)) {
			const published = listJobs(pipeline, kind).filter((job) => ['promote', 'sign'].includes(job));
			assert.deepEqual(published, name === 'of a tag on gitlab.com' ? ['promote', 'sign'] : [], name);
		}
	});

	test('releases to the catalog of every GitLab, and uploads what the release links to', () => {
		for (const [name, kind] of Object.entries(pipelineKinds)) {
			const released = listJobs(pipeline, kind).filter((job) => ['upload', 'release'].includes(job));
			assert.deepEqual(released, kind['CI_COMMIT_TAG'] === undefined ? [] : ['upload', 'release'], name);
		}
	});

	test('rehearses in merge requests what it does on a tag', () => {
		const jobs = listJobs(pipeline, pipelineKinds['of a merge request on gitlab.com'] ?? {});
		for (const name of ['promote', 'sign', 'upload']) assert.ok(jobs.includes(`${name}:rehearsal`), name);
	});

	test('hands the image on by its digest, after the build', () => {
		const isUser = (job: object) => /(INTERNAL|REGISTRY)_IMAGE|CI_REGISTRY_IMAGE/.test(JSON.stringify(job));
		const users = jobsOf(pipeline).filter(([, job]) => job['stage'] !== 'build' && isUser(job));
		assert.deepEqual(
			users.map(([name]) => name),
			['test', 'image-scan', 'image-size', 'promote', 'promote:rehearsal', 'sign', 'sign:rehearsal'],
		);
		const scenarios = jobsOf(pipeline).filter(([, job]) => 'trigger' in job);
		for (const [name, job] of [...users, ...scenarios]) {
			const text = JSON.stringify(job);
			assert.match(text, /@\$(IMAGE_DIGEST|DIGEST_amd64|digest)/, name);
			assert.doesNotMatch(text, /INTERNAL_IMAGE(?!@)/, name);
			// From the dotenv report of the job that pushed the image. Without needs, every earlier job's report.
			const producers = /\$IMAGE_DIGEST/.test(text) ? ['image:index'] : ['image:amd64', 'image:arm64'];
			const reports = job.needs?.filter(({ artifacts }) => artifacts !== false).map(({ job: need }) => need);
			assert.deepEqual(
				producers.filter((producer) => reports?.includes(producer) === false),
				[],
				name,
			);
		}
	});

	test('runs the tests on the image that it publishes', () => {
		const lastLine = (name: string) => (pipeline[name]?.['script'] as string[] | undefined)?.at(-1) ?? '';
		assert.equal(lastLine('test'), 'ALERT24_IMAGE="$INTERNAL_IMAGE@$IMAGE_DIGEST" npm run test:slow');
		assert.match(
			lastLine('promote'),
			/^skopeo copy --all --preserve-digests "docker:\/\/\$INTERNAL_IMAGE@\$IMAGE_DIGEST" /,
		);
	});

	test('logs in to the registry before cosign reads or signs an image', () => {
		for (const name of ['sign', 'sign:rehearsal'])
			assert.match(JSON.stringify(pipeline[name]?.['before_script']), /cosign login/, name);
	});

	test('builds the image without privileges, natively for both architectures', () => {
		for (const architecture of ['amd64', 'arm64']) {
			const job = pipeline[`image:${architecture}`];
			assert.deepEqual(job?.['tags'], [`saas-linux-small-${architecture}`]);
			assert.equal(job?.variables?.['BUILDAH_ISOLATION'], 'chroot');
			assert.equal(job?.['services'], undefined);
		}
	});

	test('has a scenario for each component that records from a pipeline', () => {
		for (const component of ['notify', 'hook']) assert.ok(`scenario:${component}` in pipeline, component);
	});
});
