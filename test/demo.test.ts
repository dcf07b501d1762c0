import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { runDemo } from '../scripts/run-demo.ts';

const projectRoot = join(import.meta.dirname, '..');

describe('npm run demo', () => {
	it('shows a pipeline that records its deployment, and leaves nothing behind', async () => {
		const directory = await mkdtemp(join(tmpdir(), 'alert24-demo-test-'));
		try {
			const { exitCode, stdout } = await runScript({ TMPDIR: directory, PATH: process.env['PATH'] });
			assert.equal(exitCode, 0, stdout);
			assert.match(stdout, /alert24:success > Recorded: /);
			assert.match(stdout, /"summary": "Deployed shop @ [0-9a-f]{8}"/);
			assert.match(stdout, /"pr_number": "42"/);
			assert.deepEqual(await readdir(directory), []);
		} finally {
			await rm(directory, { recursive: true });
		}
	});

	it('says what is missing on a machine without git', async () => {
		const { exitCode, stdout, stderr } = await runScript({ PATH: dirname(process.execPath) });
		assert.equal(exitCode, 1);
		assert.equal(stdout, '');
		assert.match(stderr, /needs git and bash/);
	});

	it('fails when nothing was recorded', async () => {
		const printed: string[] = [];
		assert.equal(await runDemo('echo out of order >&2; exit 5', (line) => printed.push(line)), false);
		assert.match(printed.at(-2) ?? '', /alert24:success > out of order/);
		assert.match(printed.at(-1) ?? '', /^Nothing was recorded/);
	});
});

async function runScript(env: NodeJS.ProcessEnv) {
	const demo = spawn(process.execPath, ['--import', 'tsx', join(projectRoot, 'scripts/demo.ts')], {
		cwd: projectRoot,
		env,
		stdio: ['ignore', 'pipe', 'pipe'],
	});
	const ended = new Promise<number | null>((resolve) => demo.once('close', resolve));
	const [stdout, stderr, exitCode] = await Promise.all([text(demo.stdout), text(demo.stderr), ended]);
	return { stdout, stderr, exitCode };
}
