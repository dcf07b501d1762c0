import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { basename, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { after, before, suite, test } from 'node:test';
import manifest from '../package.json' with { type: 'json' };
import { LoopbackServer } from '../stand-in/loopback-server.ts';
import type { GitlabProject } from './support/gitlab-project.ts';
import { createOwnProject, ownPipeline } from './support/own-project.ts';
import {
	childOf,
	findMissingNeeds,
	findReleasesWithoutCheckout,
	jobsOf,
	listJobs,
	pipelineKinds,
	type RenderedPipeline,
} from './support/pipeline-kinds.ts';

const projectRoot = join(import.meta.dirname, '..');
// Instead of a registry: the manifest of every image.
const commands = { apk: 'exit 0', skopeo: '[ "$1" = login ] || echo "$MANIFEST"' };
const describeLayers = (...sizes: number[]) => ({ config: { size: 1000 }, layers: sizes.map((size) => ({ size })) });

suite('the pipeline of this project', () => {
	let project: GitlabProject;
	let pipeline: RenderedPipeline;
	before(async () => {
		project = await createOwnProject(commands);
		// Throws if GitLab's JSON schema rejects the pipeline.
		pipeline = (await project.render(ownPipeline)) as RenderedPipeline;
	});
	after(() => project[Symbol.asyncDispose]());

	const run = (job: string, variables: Record<string, string> = {}) => project.run(ownPipeline, variables, job);

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

	for (const [title, manifestOfImage, outcome] of [
		['accepts an image of 45 MB', describeLayers(4_000_000, 41_000_000), /has 45000000 bytes, compressed/],
		['refuses an image above 45 MB', describeLayers(4_000_000, 41_000_001), /45000001 bytes, compressed\. At most/],
		['refuses an image without layers', { manifests: [] }, /At most 45000000 are allowed|Cannot iterate/],
	] as const) {
		test(title, async () => {
			const variables = { CI_SERVER_FQDN: 'gitlab.com', MANIFEST: JSON.stringify(manifestOfImage) };
			const { exitCode, log } = await run('image-size', variables);
			assert.equal(exitCode === 0, title.startsWith('accepts'), log);
			assert.match(log, outcome);
		});
	}

	for (const [tag, exitCode] of Object.entries({ [manifest.version]: 0, [`v${manifest.version}`]: 1 })) {
		test(`${exitCode === 0 ? 'accepts' : 'refuses'} the tag ${tag}`, async () => {
			const result = await run('version', { CI_COMMIT_TAG: tag });
			assert.equal(result.exitCode, exitCode, result.log);
		});
	}

	test('builds and uploads the bundle, its licenses, checksum and bill of materials', async () => {
		const built = await run('build', { CI_COMMIT_TAG: manifest.version });
		assert.equal(built.exitCode, 0, built.log);
		const rehearsal = await run('upload:rehearsal', { CI_PIPELINE_SOURCE: 'merge_request_event' });
		assert.equal(rehearsal.exitCode, 0, rehearsal.log);
		assert.match(rehearsal.log, /alert24-notify\.js: OK[\s\S]*### Added/);

		const uploads = new Map<string, Buffer>();
		const server = createServer(async (request, response) => {
			uploads.set(`${request.headers['job-token']} ${request.url}`, await buffer(request));
			response.writeHead(201).end('{}');
		});
		const listening = await LoopbackServer.listen(server);
		const variables = {
			CI_COMMIT_TAG: manifest.version,
			CI_API_V4_URL: `http://127.0.0.1:${listening.port}`,
			CI_PROJECT_ID: '7',
			CI_JOB_TOKEN: 'token',
		};
		const uploaded = await run('upload', variables);
		await listening.close();
		assert.equal(uploaded.exitCode, 0, uploaded.log);
		const place = `token /projects/7/packages/generic/alert24-notify/${manifest.version}`;
		const names = ['alert24-notify.js', 'alert24-notify.js.sha256', 'alert24-notify.cdx.json', 'LICENSES.txt'];
		assert.deepEqual(
			[...uploads.keys()],
			names.map((name) => `${place}/${name}`),
		);
		const materials = JSON.parse(String(uploads.get(`${place}/alert24-notify.cdx.json`)));
		const components: string[] = materials.components.map(({ name }: { name: string }) => name);
		assert.ok(components.includes('got'));
		const others = [...Object.keys(manifest.devDependencies), ...Object.keys(manifest.optionalDependencies)];
		assert.deepEqual(
			components.filter((name) => others.includes(name)),
			[],
		);
	});

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

	test('has a scenario for each component that records from a pipeline', () => {
		for (const component of ['notify', 'hook']) assert.ok(`scenario:${component}` in pipeline, component);
	});
});
