import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { findViolations } from '../../src/change/validate-change.ts';
import { bitbucketStep } from '../support/bitbucket-step.ts';
import { runInProcess } from '../support/run-in-process.ts';

const text = fc
	.oneof(
		fc.string({ unit: 'binary', maxLength: 40 }),
		fc.string({ unit: 'grapheme', minLength: 240, maxLength: 270 }),
		fc.constantFrom(
			'"',
			'\\',
			'`id`',
			'$(id)',
			'*',
			'\n',
			'{',
			'}',
			'{}',
			'../..',
			'%7B',
			':',
			'\u001b[2J',
			'undefined',
			' ',
		),
	)
	.map((value) => value.replaceAll('\0', '').toWellFormed());
const names = [...Object.keys(bitbucketStep).slice(2), 'BITBUCKET_TAG', 'BITBUCKET_PR_ID', 'BITBUCKET_EXIT_CODE'];
const step = fc.record({
	hostile: fc.dictionary(fc.constantFrom(...names), text, { maxKeys: 6 }),
	message: text,
	isPipe: fc.boolean(),
});
const isBlank = (value: string) => /^[ \t\n\v\f\r]*$/.test(value);

suite('for any text in the variables of a Bitbucket step', () => {
	test('the program prints a valid change with the text, or exits with an error', async () => {
		await fc.assert(
			fc.asyncProperty(step, async ({ hostile, message, isPipe }) => {
				const variables = {
					...bitbucketStep,
					ALERT24_DRY_RUN: 'true',
					ALERT24_RECORD_FAILURES: 'true',
					...(isPipe && { BITBUCKET_PIPE_STORAGE_DIR: '/storage' }),
					...hostile,
				};
				const { BITBUCKET_COMMIT: sha } = variables;
				const readCommit = () => Promise.resolve({ sha, message });
				const { exitCode, stdout, stderr } = await runInProcess([], variables, { readCommit });
				const marks = isPipe ? stdout.replaceAll(/\u001b\[(31|0)m/g, '') : stdout;
				assert.doesNotMatch((marks + stderr).replaceAll('\n', ''), /\p{Cc}/u);
				if (exitCode !== 0) {
					assert.equal(exitCode, isPipe ? 1 : 2);
					assert.ok(isBlank(variables.BITBUCKET_DEPLOYMENT_ENVIRONMENT), stdout + stderr);
					return;
				}
				const change = JSON.parse(stdout.slice(stdout.indexOf('{\n')));
				assert.deepEqual(findViolations(change), []);
				const { BITBUCKET_EXIT_CODE: code = '', BITBUCKET_TAG: tag = '' } = hostile;
				assert.equal(change.tags.includes('failed'), code !== '');
				assert.equal(String(change.description).startsWith('Git tag: '), tag.trim() !== '');
				const expected = message.replace(/[\r\n]+$/, '');
				const isCommit = /^[0-9a-f]{7,64}$/.test(sha);
				assert.equal(change.commit_message, isBlank(expected) || !isCommit ? undefined : expected);
				for (const url of [change.pipeline_url, change.pr_url]) {
					if (url !== undefined) assert.equal(new URL(url).origin, 'https://bitbucket.org');
				}
			}),
			{ endOnFailure: true },
		);
	});
});
