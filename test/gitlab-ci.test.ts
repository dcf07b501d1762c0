import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:http';
import { basename, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import manifest from '../package.json' with { type: 'json' };
import { LoopbackServer } from '../stand-in/loopback-server.ts';
import { containers } from './support/container-engine.ts';
import { createGitlabProject, type GitlabProject, type RenderedJob } from './support/gitlab-project.ts';

const projectRoot = join(import.meta.dirname, '..');
const pipeline = readFileSync(join(projectRoot, '.gitlab-ci.yml'), 'utf8');
// On the PATH before the real ones: what `npm ci` would install is there, and there is no registry to log in to.
const commands = {
	npm: '[ "$1" = ci ] || PATH=${PATH#*:} exec npm "$@"',
	buildah: '[ "$1" = login ] || PATH=${PATH#*:} exec buildah "$@"',
};

describe('the pipeline of this project', () => {
	let project: GitlabProject;
	let jobs: Record<string, RenderedJob>;
	before(async () => {
		project = await createGitlabProject(commands);
		const options = { cwd: projectRoot, encoding: 'utf8' } as const;
		const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], options)
			.trim()
			.split('\n');
		for (const file of files)
			if (existsSync(join(projectRoot, file))) cpSync(join(projectRoot, file), join(project.directory, file));
		symlinkSync(join(projectRoot, 'node_modules'), join(project.directory, 'node_modules'));
		// Throws what GitLab's JSON schema has against it.
		jobs = await project.render(pipeline);
	});
	after(() => project[Symbol.asyncDispose]());

	const run = (job: string, variables: Record<string, string> = {}) => project.run(pipeline, variables, job);

	it('needs no runner with privileges to build the image, natively for both architectures', () => {
		const builds = ['amd64', 'arm64'].map((architecture) => jobs[`image:${architecture}`]);
		for (const [index, architecture] of ['amd64', 'arm64'].entries()) {
			assert.deepEqual(builds[index]?.['tags'], [`saas-linux-small-${architecture}`]);
			assert.equal(builds[index]?.variables?.['BUILDAH_ISOLATION'], 'chroot');
			assert.equal(builds[index]?.['services'], undefined);
		}
	});

	it('publishes the image that was tested and scanned, only on gitlab.com and only on a tag', () => {
		const onTag = [{ if: '$CI_SERVER_FQDN == "gitlab.com" && $CI_COMMIT_TAG' }];
		for (const name of ['promote', 'sign']) assert.deepEqual(jobs[name]?.['rules'], onTag);
		assert.doesNotMatch(JSON.stringify(jobs['promote']), /buildah build|npm/);
		assert.match(JSON.stringify(jobs['promote']?.['script']), /skopeo copy --all .*docker:\/\/\$BUILT_IMAGE/);
	});

	it('releases to the catalog by the keyword, on any GitLab, once all that runs there has passed', () => {
		const release = jobs['release'] as RenderedJob & { needs: { job: string; optional?: boolean }[]; rules: unknown };
		assert.deepEqual(release.rules, [{ if: '$CI_COMMIT_TAG' }]);
		const required = release.needs.filter(({ optional }) => optional !== true).map(({ job }) => job);
		for (const name of required) assert.doesNotMatch(JSON.stringify(jobs[name]?.['rules'] ?? []), /gitlab\.com/, name);
		assert.equal((release['release'] as { tag_name: string }).tag_name, '$CI_COMMIT_TAG');
	});

	it('rehearses in merge requests what it does on a tag', () => {
		for (const name of ['promote', 'sign', 'upload']) {
			assert.match(JSON.stringify(jobs[`${name}:rehearsal`]?.['rules']), /merge_request_event/, name);
		}
	});

	it('passes its checks', async () => {
		const { exitCode, log } = await run('check');
		assert.equal(exitCode, 0, log);
	});

	for (const [tag, exitCode] of Object.entries({ [manifest.version]: 0, [`v${manifest.version}`]: 1, '99.0.0': 1 })) {
		it(`${exitCode === 0 ? 'takes' : 'refuses'} the tag ${tag}`, async () => {
			const result = await run('version', { CI_COMMIT_TAG: tag });
			assert.equal(result.exitCode, exitCode, result.log);
		});
	}

	it('builds the bundle with its licences, its checksum, its bill of materials and the text of the release, and uploads them', async () => {
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
		assert.equal(materials.bomFormat, 'CycloneDX');
		assert.ok(materials.components.some(({ name }: { name: string }) => name === 'got'));
		assert.ok(!materials.components.some(({ name }: { name: string }) => name === 'esbuild'));
	});

	it('builds the image of one architecture, with labels that tell which version and commit it is', {
		skip: containers.skip,
	}, async (t) => {
		const target = join(project.directory, '../image');
		t.after(() => containers.engine.run(['rmi', '--force', 'localhost/built:amd64']));
		const { exitCode, log } = await run('image:amd64', {
			CI_COMMIT_SHA: project.commitSha,
			CI_COMMIT_TIMESTAMP: '2026-11-21T21:00:00+00:00',
			// Where this machine's base images are, and a folder in the place of a registry.
			STORAGE_DRIVER: 'overlay',
			TARGET: `oci:${target}:built`,
		});
		assert.equal(exitCode, 0, log);
		const [{ Config: config, Created: created }] = JSON.parse(
			await containers.engine.expect(['image', 'inspect', 'localhost/built:amd64']),
		);
		assert.equal(config.Labels['org.opencontainers.image.version'], manifest.version);
		assert.equal(config.Labels['org.opencontainers.image.revision'], project.commitSha);
		assert.equal(config.Labels['org.opencontainers.image.created'], '2026-11-21T21:00:00+00:00');
		assert.equal(new Date(created).toISOString(), '2026-11-21T21:00:00.000Z');
		assert.ok(existsSync(join(target, 'index.json')));
	});

	for (const template of readdirSync(join(projectRoot, 'templates'))) {
		const component = basename(template, '.yml');
		it(`includes the component ${component} of its own commit in a scenario, with the image just built`, async () => {
			assert.match(
				JSON.stringify(jobs[`scenario:${component}`]?.['trigger']),
				new RegExp(`scenarios/${component}\\.yml`),
			);
			const scenario = readFileSync(join(projectRoot, `.gitlab/scenarios/${template}`), 'utf8');
			const rendered = await project.render(scenario);
			assert.match(JSON.stringify(rendered), /\$CI_REGISTRY_IMAGE\/internal:\$CI_COMMIT_SHA/);
			assert.ok(Object.keys(rendered).length > 2);
		});
	}
});
