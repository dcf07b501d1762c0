import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { startAlert24 } from '../../stand-in/alert24-stand-in.ts';
import { createGitlabProject } from '../support/gitlab-project.ts';
import { includeNotify } from '../support/include-notify.ts';
import { includeReplay } from '../support/include-replay.ts';

const bundle = join(import.meta.dirname, '../../dist/alert24-notify.js');
const command = `exec '${process.execPath}' '${bundle}' "$@"`;
const stages = ['deploy'];
const deploy = { stage: 'deploy', script: ['true'] };

suite('a pipeline that includes the component replay', () => {
	for (const [job, script] of [
		['success', 'true'],
		['failure', 'false'],
	] as const) {
		test(`sends the changes that alert24:${job} could not deliver, and then has nothing to replay`, async () => {
			await using alert24 = await startAlert24();
			await using project = await createGitlabProject({ 'alert24-notify': command });
			const inputs = { api_url: alert24.url, record_failures: true };
			const include = [includeNotify(inputs), includeReplay(inputs)];
			const pipeline = { stages, include, deploy: { ...deploy, script: [script] } };
			const variables = { ALERT24_API_KEY: alert24.apiKey };
			const replayJob = job === 'success' ? 'alert24:replay' : 'alert24:replay:failure';

			alert24.failAlways({ kind: 'status', status: 403 });
			await project.run(pipeline, variables);
			const folder = join(project.directory, 'alert24-undelivered');
			assert.equal((await readdir(folder)).length, 1);
			alert24.heal();
			const { log } = await project.run(pipeline, variables, replayJob);
			assert.match(log, new RegExp(`${replayJob} > Recorded: `));
			assert.deepEqual(
				alert24.sentChanges.map(({ tags }) => tags?.includes('recorded-late')),
				[true],
			);
			assert.deepEqual(await readdir(folder), []);

			const again = await project.run(pipeline, variables, replayJob);
			assert.match(again.log, new RegExp(`${replayJob} > Nothing to replay: `));
			assert.equal(again.exitCode, 0, again.log);
		});
	}
});
