import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { suite, test } from 'node:test';
import { runDemo } from '../scripts/run-demo.ts';
import { runProgram } from './support/run-program.ts';

suite('npm run demo', () => {
	test('prints a deployment, a rollback with its merge request and a failure that is allowed, and removes its files', async () => {
		const directory = await mkdtemp(join(tmpdir(), 'alert24-demo-test-'));
		try {
			const { exitCode, stdout } = await runScript({ TMPDIR: directory });
			assert.equal(exitCode, 0, stdout);
			const records = [
				...stdout.matchAll(/alert24:success > Recorded: ([^@]+?) (?:@|to) [0-9a-f]{8} in "production"/g),
			];
			assert.deepEqual(
				records.map(([, summary]) => summary),
				['Deployed shop', 'Rolled back shop', 'Failed to deploy shop'],
			);
			const numbers = [...stdout.matchAll(/"pr_number": "(\d+)"/g)].map(([, number]) => number);
			assert.deepEqual(numbers, ['42', '41']);
			assert.match(stdout, /"change_type": "rollback"/);
			assert.doesNotMatch(stdout, /!!|GitLab lookup/);
			assert.deepEqual(await readdir(directory), []);
		} finally {
			await rm(directory, { recursive: true });
		}
	});

	test('lists the missing programs on a machine without git', async () => {
		const { exitCode, stdout, stderr } = await runScript({ PATH: dirname(process.execPath) });
		assert.equal(exitCode, 1);
		assert.equal(stdout, '');
		assert.match(stderr, /needs git and bash/);
	});

	test('fails if a pipeline records nothing', async () => {
		const printed: string[] = [];
		assert.equal(await runDemo('echo out of order >&2; exit 5', (line) => printed.push(line)), false);
		assert.match(printed.at(-2) ?? '', /alert24:success > out of order/);
		assert.match(printed.at(-1) ?? '', /^Nothing was recorded/);
	});
});

function runScript(environment: Record<string, string>) {
	return runProgram(
		[],
		{ TSX_DISABLE_CACHE: '1', ...environment },
		{
			program: join(import.meta.dirname, '../scripts/demo.ts'),
			cwd: join(import.meta.dirname, '..'),
			nodeOptions: ['--import', 'tsx'],
		},
	);
}
