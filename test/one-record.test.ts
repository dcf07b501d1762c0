import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { startAlert24 } from '../stand-in/alert24-stand-in.ts';
import { startGitlab } from '../stand-in/gitlab-stand-in.ts';
import { buildDeploymentEvent, loadEvent } from './relay/load-event.ts';
import { signGitlab, startTestRelay } from './support/relay.ts';
import { runHook } from './support/run-hook.ts';
import { gitlabJob, runInProcess } from './support/run-in-process.ts';
import { Toolbox, whyWithoutTools } from './support/toolbox.ts';

const sha = gitlabJob.CI_COMMIT_SHA;
const endedAtMs = Date.now() - 60_000;
const job = {
	id: 903300,
	pipeline: 81234,
	name: 'deploy',
	sha,
	startedAt: new Date(endedAtMs - 60_000).toISOString(),
	finishedAt: new Date(endedAtMs).toISOString(),
};
const scenario = {
	project: { id: 4711, path: 'shop/web-shop' },
	commits: [{ sha, message: 'Sort the basket by price' }],
	jobs: [job],
	deployments: [{ id: 501, environment: 'production', job: job.id }],
};
const reporters = ['hook', 'notify', 'sync', 'relay'] as const;

suite('one deployment that hook, notify, sync and relay report', { skip: whyWithoutTools }, () => {
	for (const first of reporters) {
		test(`has one record if ${first} comes first`, async () => {
			const order = [first, ...reporters.filter((other) => other !== first)];
			assert.deepEqual(await report(order), ['4711:job:903300:production:svc_shop']);
		});
	}

	test('has two records if the notify job had no answer of GitLab', async () => {
		assert.deepEqual(await report(['notify', 'relay', 'hook'], { ALERT24_LOOKUP: 'never' }), [
			'4711:pipeline:81234:deploy:success:production:svc_shop',
			'4711:job:903300:production:svc_shop',
		]);
	});

	/** Returns the external ids of the records, the oldest first, without the host. */
	async function report(order: readonly (typeof reporters)[number][], more: Readonly<Record<string, string>> = {}) {
		await using gitlab = await startGitlab(scenario);
		await using alert24 = await startAlert24();
		await using relay = await startTestRelay(alert24);
		using toolbox = new Toolbox('curl and gawk');
		const folder = mkdtempSync(join(tmpdir(), 'alert24-one-record-'));
		const settings = {
			ALERT24_API_KEY: alert24.apiKey,
			ALERT24_API_URL: alert24.url,
			ALERT24_SERVICE_ID: 'svc_shop',
			ALERT24_DEDUPE: 'always',
			ALERT24_UNDELIVERED_DIR: join(folder, 'undelivered'),
			...more,
		};
		const variables = { ...gitlabJob, ...gitlab.variables, ...settings };
		const deployJob = { CI_JOB_ID: String(job.id), CI_JOB_NAME: job.name, CI_JOB_STATUS: 'success' };
		const reports = {
			hook: async () => {
				const environment = { ...variables, ...deployJob, CI_ENVIRONMENT_NAME: 'production' };
				const { stdout, stderr } = await runHook(environment, { shell: 'dash', path: toolbox.path });
				assert.match(stdout, /^(Already recorded|Recorded): /m, stdout + stderr);
			},
			notify: async () => {
				const separateJob = { CI_JOB_ID: '903399', ALERT24_DEPLOY_JOB: 'deploy', ALERT24_ENVIRONMENT: 'production' };
				const { exitCode, stderr } = await runInProcess([], { ...variables, ...separateJob });
				assert.deepEqual([exitCode, stderr], [0, '']);
			},
			sync: async () => {
				const { exitCode, stderr } = await runInProcess(['sync'], { ...variables, CI_JOB_ID: '903400' });
				assert.deepEqual([exitCode, stderr], [0, '']);
			},
			relay: async () => {
				const { project } = loadEvent('gitlab-deployment-success') as { project: Record<string, unknown> };
				const page = `${gitlab.url}/shop/web-shop`;
				const event = buildDeploymentEvent(job.id, {
					deployment_id: 501,
					environment: 'production',
					project: { ...project, id: 4711, web_url: page, path_with_namespace: 'shop/web-shop' },
				});
				const { status } = await fetch(`${relay.url}/webhooks/gitlab`, signGitlab(event));
				assert.equal(status, 202);
				await relay.until(async () => (await relay.outbox.count()).pending === 0, 'the end of the delivery');
			},
		};
		try {
			for (const name of order) await reports[name]();
			return alert24.changes.map(({ external_id }) => String(external_id).replace(`gitlab:${gitlab.host}:`, ''));
		} finally {
			rmSync(folder, { recursive: true });
		}
	}
});
