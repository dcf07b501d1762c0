import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { readRecordedPipelines } from '../support/recorded-pipeline.ts';
import { type HookRun, runHook, type Shell, shellNames } from '../support/run-hook.ts';
import { runInProcess } from '../support/run-in-process.ts';
import { Toolbox, type ToolboxKind, whyWithoutTools } from '../support/toolbox.ts';

const toolboxOf: Readonly<Record<Shell, ToolboxKind>> = {
	bash: 'curl and gawk',
	dash: 'GNU wget and mawk',
	'busybox ash': 'busybox',
};

describe('recorded pipelines', { concurrency: 3, skip: whyWithoutTools }, () => {
	for (const shell of shellNames) {
		describe(`for a recorded GitLab job the hook under ${shell}, with ${toolboxOf[shell]}, does what the command does`, {
			concurrency: 2,
		}, () => {
			const toolbox = new Toolbox(toolboxOf[shell]);
			after(() => toolbox[Symbol.dispose]());

			for (const { name, environment } of readRecordedPipelines('gitlab-pipelines')) {
				it(name, async () => {
					const variables = { ...environment, ALERT24_DRY_RUN: 'true', ALERT24_LOOKUP: 'off' };
					const command = await runInProcess([], variables);
					const hook = await runHook(variables, { shell, path: toolbox.path });
					assert.equal(hook.exitCode, 0);
					if (command.exitCode !== 0) assertRefusal(hook);
					else if (command.stdout.startsWith('Not recorded: ')) assert.equal(hook.stdout, command.stdout);
					else assert.deepEqual(JSON.parse(hook.stdout), JSON.parse(command.stdout));
				});
			}
		});
	}
});

function assertRefusal({ stdout, stderr }: HookRun): void {
	assert.equal(stdout, '');
	assert.match(stderr, /^alert24-notify: could not record the deployment because [^\n]+\n$/);
}
