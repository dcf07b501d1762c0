import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import manifest from '../package.json' with { type: 'json' };
import { containers } from './support/container-engine.ts';
import { createOwnProject, ownPipeline } from './support/own-project.ts';

suite('the job image:amd64 of this project', { skip: containers.skip }, () => {
	test('builds the image with labels of its version and commit, and reports its digest', async (t) => {
		await using project = await createOwnProject({
			buildah: '[ "$1" = login ] || PATH=${PATH#*:} exec buildah "$@"',
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
