import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { readApiKey } from '../../src/settings/read-api-key.ts';

const key = 'ak_live_0123456789abcdefghijABCDEFGHIJKL';

function read(environment: Record<string, string>): { key: string | undefined; problems: string[] } {
	const problems: string[] = [];
	return { key: readApiKey(environment, problems), problems };
}

describe('readApiKey', () => {
	let directory: string;
	before(() => {
		directory = mkdtempSync(join(tmpdir(), 'alert24-key-'));
	});
	after(() => rmSync(directory, { recursive: true }));

	it('takes the variable for the key', () => {
		assert.deepEqual(read({ ALERT24_API_KEY: key }), { key, problems: [] });
	});

	it('takes the variable for the path of a file, as a GitLab file variable gives it', () => {
		const path = join(directory, 'ALERT24_API_KEY');
		writeFileSync(path, `${key}\n`);
		assert.deepEqual(read({ ALERT24_API_KEY: path }), { key, problems: [] });
		assert.deepEqual(read({ ALERT24_API_KEY_FILE: path }), { key, problems: [] });
	});

	it('gives nothing, and no problem, where neither variable is set', () => {
		assert.deepEqual(read({}), { key: undefined, problems: [] });
	});

	it('refuses two sources', () => {
		assert.deepEqual(read({ ALERT24_API_KEY: key, ALERT24_API_KEY_FILE: '/x' }).problems, [
			'ALERT24_API_KEY and ALERT24_API_KEY_FILE are both set: keep the one that is meant',
		]);
	});

	it('says which file cannot be read', () => {
		const path = join(directory, 'none');
		const problem = `the file of the API key, "${path}", cannot be read (ENOENT)`;
		assert.deepEqual(read({ ALERT24_API_KEY: path }).problems, [problem]);
		assert.deepEqual(read({ ALERT24_API_KEY_FILE: path }).problems, [problem]);
		assert.match(read({ ALERT24_API_KEY_FILE: directory }).problems.join(), /is not a regular file/);
	});

	it('refuses a file that holds something else than a key', () => {
		for (const [content, flaw] of [
			['', 'is empty'],
			['x'.repeat(5000), 'is larger than 4096 bytes'],
			[`${key} ${key}`, 'holds spaces'],
		] as const) {
			const path = join(directory, 'other');
			writeFileSync(path, content);
			assert.ok(read({ ALERT24_API_KEY_FILE: path }).problems[0]?.includes(flaw), flaw);
		}
	});

	it('refuses what cannot be sent as a key, and does not show it', () => {
		for (const flawed of [`${key}\nx`, `${key} x`, `${key}é`, 'short', '  ']) {
			const { key: none, problems } = read({ ALERT24_API_KEY: flawed });
			assert.equal(none, undefined);
			assert.match(problems.join(), /^ALERT24_API_KEY .*an Alert24 key is ak_live_ and 32 letters and digits$/);
			assert.ok(flawed.trim() === '' || !problems.join().includes(flawed));
		}
	});

	it('takes a relative path, too, where there is such a file', () => {
		writeFileSync(join(directory, 'key.txt'), key);
		const path = relative('.', join(directory, 'key.txt'));
		assert.deepEqual(read({ ALERT24_API_KEY: path }), { key, problems: [] });
	});

	it('takes a text that is too long for a path for a key', () => {
		assert.deepEqual(read({ ALERT24_API_KEY: 'k'.repeat(5000) }), { key: 'k'.repeat(5000), problems: [] });
	});

	it('refuses a pipe or a device, which might never end', () => {
		for (const path of ['/dev/zero', '/dev/null']) {
			assert.match(read({ ALERT24_API_KEY: path }).problems.join(), /is not a regular file$/);
		}
	});

	it('refuses the name of a variable that has no value', () => {
		assert.deepEqual(read({ ALERT24_API_KEY: '$ALERT24_PROD_KEY' }).problems, [
			'ALERT24_API_KEY is "$ALERT24_PROD_KEY": a variable that is not defined in this job',
		]);
	});
});
