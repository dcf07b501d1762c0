import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, suite, test } from 'node:test';
import { startAlert24 } from '../../stand-in/alert24-stand-in.ts';
import { certificates } from '../../stand-in/certificates.ts';
import { startHttpProxy } from '../../stand-in/http-proxy.ts';
import { containers } from '../support/container-engine.ts';
import { createGitlabProject } from '../support/gitlab-project.ts';
import { includeNotify } from '../support/include-notify.ts';

const { engine } = containers;
const deploy = { stage: 'deploy', image: 'alpine:3.23', script: ['true'] };

suite('the job of the component in its image', { skip: containers.skip }, () => {
	let inputs: Record<string, string> = {};
	before(async () => {
		const image = await engine.buildImage('localhost/alert24-notify:test');
		const [, name = '', tag = ''] = /^(.*):([^:]+)$/.exec(image) ?? [];
		inputs = { image: name, image_tag: tag };
	});

	function configure(job: object = {}) {
		const component = { include: [includeNotify(inputs)], stages: ['deploy'], deploy };
		return { ...component, 'alert24:success': job };
	}

	test('records the deployment, as a user that is not root', async () => {
		await using alert24 = await startAlert24();
		await using project = await createGitlabProject({}, engine);
		const variables = { ALERT24_API_KEY: alert24.apiKey, ALERT24_API_URL: alert24.url };
		const { exitCode, log } = await project.run(configure({ before_script: ['echo "user $(id -u)"'] }), variables);
		assert.equal(exitCode, 0, log);
		assert.match(log, /user 1000/);
		assert.deepEqual(
			alert24.changes.map(({ environment }) => environment),
			['production'],
		);
	});

	test('leaves what could not be delivered as its artifact, which the same image replays', async () => {
		await using alert24 = await startAlert24();
		await using project = await createGitlabProject({}, engine);
		const variables = { ALERT24_API_KEY: alert24.readOnlyKey, ALERT24_API_URL: alert24.url };
		// gitlab-ci-local does not support `when: on_failure`, with which GitLab keeps them.
		const job = { artifacts: { when: 'always', paths: ['alert24-undelivered'] } };
		const { log } = await project.run(configure(job), variables);
		assert.match(log, /Alert24 answered 403/);
		const artifact = join(project.directory, 'alert24-undelivered');
		const [file = ''] = await readdir(artifact);
		assert.match(await readFile(join(artifact, file), 'utf8'), /"environment":"production"/);

		const env = [`--env=ALERT24_API_KEY=${alert24.apiKey}`, `--env=ALERT24_API_URL=${alert24.url}`];
		const place = ['--volume', `${artifact}:/tmp/undelivered`, '--user=0'];
		const image = `${inputs['image']}:${inputs['image_tag']}`;
		const run = ['run', '--rm', '--network=host', ...env, ...place, image];
		assert.match(await engine.expect([...run, 'alert24-notify', 'replay', '/tmp/undelivered']), /^Recorded: /m);
		assert.equal(alert24.changes.length, 1);
	});

	test('goes through a proxy and trusts the private CA of a file variable', async () => {
		const { ca, good } = await certificates();
		await using alert24 = await startAlert24({ tls: good });
		const credentials = { username: 'ci', password: 'secret of the proxy' };
		await using proxy = await startHttpProxy({ credentials, routes: { 'app.alert24.net:443': alert24.port } });
		await using project = await createGitlabProject({}, engine);
		const caFile = { type: 'file', values: { '*': ca } };
		const settings = JSON.stringify({ NODE_EXTRA_CA_CERTS: caFile });
		await writeFile(join(project.directory, '.gitlab-ci-local-variables.yml'), settings);
		const { exitCode, log } = await project.run(configure(), {
			ALERT24_API_KEY: alert24.apiKey,
			ALERT24_API_URL: alert24.url.replace(alert24.origin, 'https://app.alert24.net'),
			HTTPS_PROXY: proxy.urlWithCredentials,
		});
		assert.equal(exitCode, 0, log);
		assert.equal(alert24.changes.length, 1);
		// One tunnel for the search in the change log, one for the change.
		const targets = new Set(proxy.requests.map(({ method, target }) => `${method} ${target}`));
		assert.deepEqual(targets, new Set(['CONNECT app.alert24.net:443']));
	});
});
