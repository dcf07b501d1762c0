import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import { runProgram } from './run-program.ts';

const directory = await mkdtemp(join(tmpdir(), 'alert24-programs-'));
after(() => rm(directory, { recursive: true }));

suite('runProgram', { concurrency: true }, () => {
	test('passes the arguments, the input, and no other environment than the given one and PATH', async () => {
		const program = await writeProgram(`
			const input = require('node:fs').readFileSync(0, 'utf8');
			console.log(JSON.stringify({ args: process.argv.slice(2), environment: process.env, input }));
			console.error('é');
			process.exitCode = 4;
		`);
		await using run = await runProgram(['a b', '--c'], { CI: 'true' }, { program, stdin: '{"ü":1}' });
		const { PATH } = process.env;
		assert.deepEqual(JSON.parse(run.stdout), {
			args: ['a b', '--c'],
			environment: { PATH, CI: 'true' },
			input: '{"ü":1}',
		});
		assert.deepEqual([run.exitCode, run.signal, run.stderr], [4, null, 'é\n']);
		assert.ok(run.durationMs > 0);
	});

	test('runs in an empty directory and removes it on disposal', async () => {
		const program = await writeProgram("require('node:fs').writeFileSync('left.json', '[]')");
		const run = await runProgram([], {}, { program });
		assert.equal(await readFile(join(run.cwd, 'left.json'), 'utf8'), '[]');
		await run[Symbol.asyncDispose]();
		assert.equal(existsSync(run.cwd), false);
	});

	test('measures the peak memory of the program', async () => {
		const idle = await writeProgram('');
		const busy = await writeProgram('Buffer.alloc(128 * 1024 * 1024, 1).fill(2)');
		await using little = await runProgram([], {}, { program: idle, measuresMemory: true });
		await using much = await runProgram([], {}, { program: busy, measuresMemory: true });
		const difference = (much.peakMemoryBytes ?? 0) - (little.peakMemoryBytes ?? 0);
		assert.ok(difference > 100 * 1024 * 1024 && difference < 160 * 1024 * 1024, `${difference} bytes`);
	});
});

let programs = 0;

async function writeProgram(source: string): Promise<string> {
	programs += 1;
	const path = join(directory, `program-${programs}.cjs`);
	await writeFile(path, source);
	return path;
}
