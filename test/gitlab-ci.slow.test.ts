import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { after, before, suite, test } from 'node:test';
import manifest from '../package.json' with { type: 'json' };
import { LoopbackServer } from '../stand-in/loopback-server.ts';
import { containers } from './support/container-engine.ts';
import type { GitlabProject } from './support/gitlab-project.ts';
import { createOwnProject, ownPipeline } from './support/own-project.ts';

// Without a registry. The command reads the password: otherwise the pipe may break, which fails the job.
const ignoreLogin = '[ "$1" != login ] || exec cat >/dev/null';
const describeLayers = (...sizes: number[]) => ({ config: { size: 1000 }, layers: sizes.map((size) => ({ size })) });

suite('a job of this project', () => {
	let project: GitlabProject;
	before(async () => {
		project = await createOwnProject({ apk: 'exit 0', skopeo: `${ignoreLogin}; echo "$MANIFEST"` });
	});
	after(() => project[Symbol.asyncDispose]());

	const run = (job: string, variables: Record<string, string> = {}) => project.run(ownPipeline, variables, job);

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
});

suite('the job image:amd64 of this project', { skip: containers.skip }, () => {
	test('builds the image with labels of its version and commit, and reports its digest', async (t) => {
		await using project = await createOwnProject({
			buildah: `${ignoreLogin}; PATH=\${PATH#*:} exec buildah "$@"`,
		});
		const target = join(project.directory, '../image');
		t.after(() => containers.engine.run(['rmi', '--force', 'localhost/built:amd64']));
		const variables = {
			CI_COMMIT_SHA: project.commitSha,
			CI_COMMIT_TIMESTAMP: '2026-11-21T21:00:00+00:00',
			// This machine's store of base images, and a folder instead of a registry.
			STORAGE_DRIVER: 'overlay',
			TARGET: `oci:${target}:built`,
		};
		const { exitCode, log } = await project.run(ownPipeline, variables, 'image:amd64');
		assert.equal(exitCode, 0, log);
		const [{ Config: config, Created: created }] = JSON.parse(
			await containers.engine.expect(['image', 'inspect', 'localhost/built:amd64']),
		);
		assert.equal(config.Labels['org.opencontainers.image.version'], manifest.version);
		assert.equal(config.Labels['org.opencontainers.image.revision'], project.commitSha);
		assert.equal(config.Labels['org.opencontainers.image.created'], '2026-11-21T21:00:00+00:00');
		assert.equal(new Date(created).toISOString(), '2026-11-21T21:00:00.000Z');
		const digest = /^DIGEST_amd64=(sha256:[0-9a-f]{64})\n$/.exec(
			readFileSync(join(project.directory, 'image.env'), 'utf8'),
		)?.[1];
		assert.ok(existsSync(join(target, 'blobs', String(digest).replace(':', '/'))), digest);
	});
});
