import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { type Alert24StandIn, startAlert24 } from '../../stand-in/alert24-stand-in.ts';
import { readRecordedPipelines } from '../support/recorded-pipeline.ts';
import { runInProcess } from '../support/run-in-process.ts';

const tokens = ['CI_JOB_TOKEN', 'PIPELINES_JWT_TOKEN', 'BITBUCKET_STEP_OIDC_TOKEN'];

for (const [title, folder] of [
	['a recorded GitLab job', 'gitlab-pipelines'],
	['a recorded Bitbucket step', 'bitbucket-pipelines'],
] as const) {
	suite(title, () => {
		let alert24: Alert24StandIn;
		let directory: string;
		before(async () => {
			alert24 = await startAlert24();
			directory = mkdtempSync(join(tmpdir(), 'alert24-recorded-'));
		});
		after(async () => {
			await alert24.close();
			rmSync(directory, { recursive: true });
		});

		for (const { name, title, environment, commit, changes, exitCode, says } of readRecordedPipelines(folder)) {
			test(`${name}: ${title}`, async () => {
				const before = alert24.sentChanges.length;
				const result = await runInProcess(
					[],
					{
						ALERT24_API_KEY: alert24.apiKey,
						ALERT24_API_URL: alert24.url,
						// These changes come from the variables alone. A lookup would contact gitlab.com.
						ALERT24_LOOKUP: 'never',
						...environment,
						ALERT24_UNDELIVERED_DIR: join(directory, name),
					},
					{ readCommit: () => Promise.resolve(commit) },
				);

				assert.equal(result.exitCode, exitCode, result.stderr);
				assert.deepEqual(alert24.sentChanges.slice(before), changes);
				if (says !== undefined)
					assert.ok((result.stdout + result.stderr).includes(says), result.stdout + result.stderr);
				assert.doesNotMatch(result.stdout + result.stderr, /undefined|\[object/);
				for (const secret of [alert24.apiKey, ...tokens.map((token) => String(environment[token]))]) {
					assert.ok(!`${result.stdout}${result.stderr}`.includes(secret));
				}
			});
		}
	});
}
