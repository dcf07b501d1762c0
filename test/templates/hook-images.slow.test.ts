import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { before, suite, test } from 'node:test';
import { startAlert24 } from '../../stand-in/alert24-stand-in.ts';
import { containers } from '../support/container-engine.ts';
import { buildDeployImages, type DeployImage, deployImages } from '../support/deploy-images.ts';
import { createGitlabProject } from '../support/gitlab-project.ts';
import { renderHook } from '../support/hook-script.ts';
import { includeHook } from '../support/include-hook.ts';
import { gitlabJob } from '../support/run-in-process.ts';
import { whyWithoutTools } from '../support/toolbox.ts';

// busybox's wget first asks without the key.
const requestsOf: Readonly<Record<DeployImage, string[]>> = {
	'bash and curl': ['POST'],
	'dash and GNU wget': ['POST'],
	'busybox only': ['GET', 'POST'],
};

suite('the hook in an image', { skip: containers.skip || whyWithoutTools }, () => {
	before(buildDeployImages);

	for (const name of Object.keys(deployImages) as DeployImage[]) {
		const { image } = deployImages[name];

		test(`with ${name} records from a pipeline of two services, one of which failed`, async () => {
			await using project = await createGitlabProject({}, containers.engine);
			await using alert24 = await startAlert24();
			const include = JSON.stringify([includeHook({ api_url: alert24.url, record_failures: true })]);
			const configuration = `
include: ${include}
stages: [deploy]
.deploy: {stage: deploy, image: '${image}', extends: .alert24, environment: production}
cart:
  extends: .deploy
  variables: {ALERT24_SERVICE_ID: svc_cart}
  script: ['true']
search:
  extends: .deploy
  variables: {ALERT24_SERVICE_ID: svc_search}
  script: ['false']
  after_script:
    - echo "mine, $CI_JOB_STATUS"
    - !reference [.alert24, after_script]
`;
			const { log, exitCode } = await project.run(configuration, {
				ALERT24_API_KEY: alert24.apiKey,
				ALERT24_LOOKUP: 'never',
			});
			assert.equal(exitCode, 1, log);
			const recorded = alert24.sentChanges.map(({ service_id, summary, risk_level }) => [
				service_id,
				String(summary).replace(/ @ .*/, ''),
				risk_level,
			]);
			assert.deepEqual(recorded.sort(), [
				['svc_cart', 'Deployed shop', undefined],
				['svc_search', 'Failed to deploy shop', 'high'],
			]);
			assert.deepEqual(
				alert24.requests.map(({ method }) => method).sort(),
				requestsOf[name].flatMap((method) => [method, method]).sort(),
			);
			assert.match(log, /cart +> Recorded: Deployed shop @ \w{8} in "production" for service "svc_cart" \(change /);
			assert.match(log, /search +> mine, failed/);
			assert.ok(!log.includes(alert24.apiKey));
		});

		test(`with ${name} records as any user on a read-only file system`, async () => {
			await using alert24 = await startAlert24();
			const variables = {
				...gitlabJob,
				ALERT24_API_KEY: alert24.apiKey,
				ALERT24_API_URL: alert24.url,
				CI_ENVIRONMENT_NAME: 'production',
				HOME: '/nowhere',
			};
			const output = await runInImage(image, variables, renderHook({ lookup: 'never' }).after_script.join('\n'));
			assert.match(output, /^Recorded: [^\n]*\n$/);
			assert.equal(alert24.changes.length, 1);
		});
	}
});

async function runInImage(image: string, variables: Record<string, string>, script: string): Promise<string> {
	const names = Object.keys(variables).flatMap((name) => ['--env', name]);
	const options = [
		'--rm',
		'--interactive',
		'--network=host',
		'--read-only',
		'--read-only-tmpfs=false',
		'--user=1000',
		...names,
	];
	const child = spawn(
		containers.engine.command,
		['run', ...options, image, 'sh', '-c', 'cat >/dev/null; eval "$0"', script],
		{
			env: { ...process.env, ...variables, HOME: process.env['HOME'] },
		},
	);
	child.stdin.end('nothing');
	const streams = Promise.all([text(child.stdout), text(child.stderr)]);
	await once(child, 'close');
	return (await streams).join('');
}
