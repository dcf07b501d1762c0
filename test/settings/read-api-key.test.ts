import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { readApiKey } from '../../src/settings/read-api-key.ts';

const key = 'ak_live_0123456789abcdefghijABCDEFGHIJKL';

function read(environment: Record<string, string>): { key: string | undefined; problems: readonly string[] } {
	const { apiKey, problems } = readApiKey(environment);
	return { key: apiKey, problems };
}

suite('readApiKey', () => {
	let directory: string;
	before(() => {
		directory = mkdtempSync(join(tmpdir(), 'alert24-key-'));
	});
	after(() => rmSync(directory, { recursive: true }));

	test('reads the key from the variable', () => {
		assert.deepEqual(read({ ALERT24_API_KEY: key }), { key, problems: [] });
	});

	test('reads the key from a file that the variable names, as a GitLab file variable does', () => {
		const path = join(directory, 'ALERT24_API_KEY');
		writeFileSync(path, `${key}\n`);
		assert.deepEqual(read({ ALERT24_API_KEY: path }), { key, problems: [] });
		assert.deepEqual(read({ ALERT24_API_KEY_FILE: path }), { key, problems: [] });
	});

	test('returns nothing and no problem if neither variable is set', () => {
		assert.deepEqual(read({}), { key: undefined, problems: [] });
	});

	test('rejects two sources', () => {
		assert.deepEqual(read({ ALERT24_API_KEY: key, ALERT24_API_KEY_FILE: '/x' }).problems, [
			'ALERT24_API_KEY and ALERT24_API_KEY_FILE are both set: remove one of them',
		]);
	});

	test('reports a file that cannot be read, without its path, which may be the key itself', () => {
		const path = join(directory, 'none');
		assert.deepEqual(read({ ALERT24_API_KEY: path }).problems, ['the file of ALERT24_API_KEY does not exist']);
		assert.deepEqual(read({ ALERT24_API_KEY_FILE: key }).problems, ['the file of ALERT24_API_KEY_FILE does not exist']);
		assert.match(read({ ALERT24_API_KEY_FILE: directory }).problems.join(), /is not a regular file/);
	});

	test('rejects a file that does not contain a key', () => {
		for (const [content, flaw] of [
			['', 'is empty'],
			['x'.repeat(5000), 'is larger than 4096 bytes'],
			[`${key} ${key}`, 'contains spaces'],
		] as const) {
			const path = join(directory, 'other');
			writeFileSync(path, content);
			assert.ok(read({ ALERT24_API_KEY_FILE: path }).problems[0]?.includes(flaw), flaw);
		}
	});

	test('rejects a text that cannot be a key, and does not print it', () => {
		for (const flawed of [`${key}\nx`, `${key} x`, `${key}é`, 'short', '  ']) {
			const { key: none, problems } = read({ ALERT24_API_KEY: flawed });
			assert.equal(none, undefined);
			assert.match(problems.join(), /^ALERT24_API_KEY .*an Alert24 key is ak_live_ followed by 32 letters and digits$/);
			assert.ok(flawed.trim() === '' || !problems.join().includes(flawed));
		}
	});

	test('accepts a relative path of an existing file', () => {
		writeFileSync(join(directory, 'key.txt'), key);
		const path = relative('.', join(directory, 'key.txt'));
		assert.deepEqual(read({ ALERT24_API_KEY: path }), { key, problems: [] });
	});

	test('reads a text that is too long for a path as a key', () => {
		assert.deepEqual(read({ ALERT24_API_KEY: 'k'.repeat(5000) }), { key: 'k'.repeat(5000), problems: [] });
	});

	test('rejects a pipe or a device, which might never end', () => {
		for (const path of ['/dev/zero', '/dev/null']) {
			assert.match(read({ ALERT24_API_KEY: path }).problems.join(), /is not a regular file$/);
		}
	});

	test('rejects the name of a variable that is not defined', () => {
		assert.deepEqual(read({ ALERT24_API_KEY: '$ALERT24_PROD_KEY' }).problems, [
			'ALERT24_API_KEY is "$ALERT24_PROD_KEY": a variable that is not defined in this job',
		]);
	});
});
