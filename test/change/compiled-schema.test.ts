import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { build } from 'esbuild';
import fc from 'fast-check';
import { bundleOptions } from '../../scripts/bundle-options.ts';
import { changeSchema } from '../../src/change/change-schema.ts';
import { findViolations } from '../../src/change/validate-change.ts';
import { runProgram } from '../support/run-program.ts';

// Texts at the limits of each rule: blank, one character too long, outside the patterns, beyond the basic plane.
const text = fc.oneof(
	fc.string({ unit: 'grapheme', maxLength: 20 }),
	fc.constantFrom(
		'',
		' \t\n',
		'svc 1',
		'svc_1',
		'1a2b3c4',
		'xyz',
		'12',
		'012',
		'https://a.example/b',
		'ftp://a',
		'é',
		'😀',
	),
	fc.constantFrom('low', 'severe', 'deployment', 'rollback', 'auto'),
	fc
		.tuple(fc.constantFrom('a', '😀', ' '), fc.constantFrom(50, 51, 255, 256, 1024, 1025))
		.map(([unit, n]) => unit.repeat(n)),
);
const anything = fc.oneof({ weight: 8, arbitrary: text }, { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 2 }) });
const tags = fc.oneof(
	fc.array(text, { maxLength: 5 }),
	fc.array(fc.nat().map(String), { minLength: 49, maxLength: 52 }),
	anything,
);
const fields = Object.keys(changeSchema.properties).filter((field) => field !== 'tags');
const change = fc.record(
	{ ...Object.fromEntries(fields.map((field) => [field, anything])), tags, unknown: anything },
	{ requiredKeys: [] },
);
const payload = fc.oneof({ weight: 9, arbitrary: change }, { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 1 }) });

suite('the schema compiled into the bundle', () => {
	test('reports the same violations as the schema compiled at run time', async (t) => {
		const file = join(import.meta.dirname, `../../dist/validate-change.${process.pid}.mjs`);
		t.after(() => rm(file, { force: true }));
		const { outputFiles } = await build({
			...bundleOptions,
			format: 'esm',
			banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
			define: {},
			entryPoints: [join(import.meta.dirname, '../../src/change/validate-change.ts')],
			write: false,
		});
		await writeFile(file, outputFiles[0]?.contents ?? '');
		const compiled: { findViolations: typeof findViolations } = await import(file);
		assert.notEqual(compiled.findViolations, findViolations);
		let invalid = 0;
		fc.assert(
			fc.property(payload, (value) => {
				const violations = findViolations(value);
				if (violations.length > 0) invalid++;
				assert.deepEqual(compiled.findViolations(value), violations);
			}),
			{ numRuns: 500 },
		);
		assert.ok(invalid > 125, 'too few payloads break a rule');
	});

	test('is in dist/alert24-notify.js', async () => {
		const payloads = fc.sample(payload, { numRuns: 60, seed: 24 }).flat();
		const messages = payloads.flatMap((value, index) =>
			findViolations(value).map(({ message }) => `change ${index + 1}: ${message}`),
		);
		await using run = await runProgram(['validate', '-'], {}, { stdin: JSON.stringify(payloads) });
		assert.equal(run.exitCode, 3);
		for (const message of messages) assert.ok(run.stderr.includes(message), `${message}\n\n${run.stderr}`);
	});
});
