import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import { startAlert24 } from '../../stand-in/alert24-stand-in.ts';
import { runProgram } from './run-program.ts';

const directory = await mkdtemp(join(tmpdir(), 'alert24-programs-'));
after(() => rm(directory, { recursive: true }));

suite('runProgram', { concurrency: true }, () => {
	test('gives the program its arguments, its environment and PATH only, and its input', async () => {
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

	test('lets the environment given replace PATH', async () => {
		const program = await writeProgram('console.log(JSON.stringify(process.env))');
		await using run = await runProgram([], { PATH: '/nowhere' }, { program });
		assert.deepEqual(JSON.parse(run.stdout), { PATH: '/nowhere' });
	});

	test('runs in an empty directory that lives until the run is disposed of', async () => {
		const program = await writeProgram("require('node:fs').writeFileSync('left.json', '[]')");
		const run = await runProgram([], {}, { program });
		assert.equal(await readFile(join(run.cwd, 'left.json'), 'utf8'), '[]');
		await run[Symbol.asyncDispose]();
		assert.equal(existsSync(run.cwd), false);
	});

	test('runs in the directory given and leaves it', async () => {
		const program = await writeProgram('console.log(process.cwd())');
		const run = await runProgram([], {}, { program, cwd: directory });
		await run[Symbol.asyncDispose]();
		assert.deepEqual([run.stdout, run.cwd, existsSync(directory)], [`${directory}\n`, directory, true]);
	});

	test('kills a program that takes too long', async () => {
		const program = await writeProgram('setTimeout(() => {}, 20_000); process.on("SIGTERM", () => {})');
		await using run = await runProgram([], {}, { program, killAfterMs: 200 });
		assert.deepEqual([run.exitCode, run.signal], [null, 'SIGKILL']);
		assert.ok(run.durationMs < 10_000);
	});

	test('interrupts a program that waits for an answer', async () => {
		await using alert24 = await startAlert24();
		alert24.failAlways({ kind: 'silence' });
		const program = await writeProgram(`
			process.on('SIGTERM', () => process.exit(7));
			fetch(process.env.URL, { method: 'POST' });
		`);
		const interrupt = { signal: 'SIGTERM', when: alert24.nthRequest(1) } as const;
		await using run = await runProgram([], { URL: `${alert24.url}/api/v1/changes` }, { program, interrupt });
		assert.deepEqual([run.exitCode, run.signal], [7, null]);
	});

	test('measures the memory that the program took at most', async () => {
		const idle = await writeProgram('');
		const busy = await writeProgram('Buffer.alloc(128 * 1024 * 1024, 1).fill(2)');
		await using little = await runProgram([], {}, { program: idle, measuresMemory: true });
		await using much = await runProgram([], {}, { program: busy, measuresMemory: true });
		const difference = (much.peakMemoryBytes ?? 0) - (little.peakMemoryBytes ?? 0);
		assert.ok(difference > 100 * 1024 * 1024 && difference < 160 * 1024 * 1024, `${difference} bytes`);
	});

	test('passes options to Node', async () => {
		const program = await writeProgram('console.log(process.title)');
		await using run = await runProgram([], {}, { program, nodeOptions: ['--title=recorder'] });
		assert.equal(run.stdout, 'recorder\n');
	});
});

let programs = 0;

async function writeProgram(source: string): Promise<string> {
	programs += 1;
	const path = join(directory, `program-${programs}.cjs`);
	await writeFile(path, source);
	return path;
}
