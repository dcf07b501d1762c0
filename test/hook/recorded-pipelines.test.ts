import assert from 'node:assert/strict';
import { after, suite, test } from 'node:test';
import { readRecordedPipelines } from '../support/recorded-pipeline.ts';
import { runHook, type Shell } from '../support/run-hook.ts';
import { Toolbox, type ToolboxKind, whyWithoutTools } from '../support/toolbox.ts';

// Each job in one shell, the shells in turn.
const shells: readonly (readonly [Shell, ToolboxKind])[] = [
	['bash', 'curl and gawk'],
	['dash', 'GNU wget and mawk'],
	['busybox ash', 'busybox'],
];
// The command rejects these values that are set by hand; the hook leaves that to Alert24.
const checkedByTheCommand = ['risk-level-unknown.json', 'undefined-variable-in-services.json'];

suite('a recorded GitLab job', { concurrency: 3, skip: whyWithoutTools }, () => {
	const toolboxes = shells.map(([shell, kind]) => ({ shell, toolbox: new Toolbox(kind) }));
	after(() => {
		for (const { toolbox } of toolboxes) toolbox[Symbol.dispose]();
	});

	for (const [index, recorded] of readRecordedPipelines('gitlab-pipelines').entries()) {
		const { name, title, environment, changes, exitCode, says = '' } = recorded;
		if (checkedByTheCommand.includes(name)) continue;
		const { shell, toolbox } = toolboxes[index % toolboxes.length] as (typeof toolboxes)[number];
		test(`${name}, under ${shell}: ${title}`, async () => {
			const variables = { ...environment, ALERT24_DRY_RUN: 'true', ALERT24_LOOKUP: 'never', ALERT24_API_KEY: '' };
			const hook = await runHook(variables, { shell, path: toolbox.path });
			const printed = hook.stdout.startsWith('{') ? hook.stdout.trimEnd().split('\n') : [];
			assert.deepEqual(
				printed.map((line) => JSON.parse(line)),
				changes,
			);
			assert.equal(hook.exitCode, 0);
			if (exitCode !== 0) assert.match(hook.stderr, /^NOT RECORDED: [^\n]+\n$/);
			else if (changes.length === 0) assert.ok(hook.stdout.includes(says), hook.stdout);
		});
	}
});
