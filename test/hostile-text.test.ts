import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import fc from 'fast-check';
import { findViolations } from '../src/change/validate-change.ts';
import { type Alert24StandIn, startAlert24 } from '../stand-in/alert24-stand-in.ts';
import { gitlabJob, runInProcess } from './support/run-in-process.ts';

// A variable contains no NUL and no lone surrogate.
const text = fc
	.oneof(
		fc.string({ unit: 'binary', maxLength: 40 }),
		fc.string({ unit: 'grapheme', minLength: 240, maxLength: 270 }),
		fc.constantFrom(
			'"',
			"'",
			'\\',
			'`id`',
			'$(id)',
			'*',
			'\n',
			'-n',
			'%s',
			'{"a":1}',
			'\u001b[2J',
			'…',
			'undefined',
			'null',
			' ',
		),
	)
	.map((value) => value.replaceAll('\0', '').toWellFormed());

const derived = [
	'CI_COMMIT_MESSAGE',
	'CI_COMMIT_BRANCH',
	'CI_PROJECT_NAME',
	'GITLAB_USER_LOGIN',
	'CI_COMMIT_TAG',
	'CI_PIPELINE_URL',
	'CI_MERGE_REQUEST_IID',
	'CI_JOB_ID',
	'CI_COMMIT_SHA',
	'CI_JOB_STARTED_AT',
];
const setByHand = [
	'SUMMARY',
	'DESCRIPTION',
	'TAGS',
	'CHANGED_BY',
	'EXTERNAL_ID',
	'SOURCE',
	'ENVIRONMENT',
	'SERVICE_ID',
	'RISK_LEVEL',
	'CHANGE_TYPE',
	'DEPLOY_JOB',
	'STATUS',
].map((name) => `ALERT24_${name}`);

const variables = fc.dictionary(fc.constantFrom(...derived, ...setByHand), text, { maxKeys: 6 });

suite('for any text in the variables', () => {
	let alert24: Alert24StandIn;
	before(async () => {
		alert24 = await startAlert24();
	});
	after(() => alert24.close());

	test('the program sends a valid change with the text, or exits with 2 or 3', async () => {
		await fc.assert(
			fc.asyncProperty(variables, async (hostile) => {
				const count = alert24.sentChanges.length;
				const { exitCode, stdout, stderr } = await runInProcess([], {
					...gitlabJob,
					ALERT24_ENVIRONMENT: 'production',
					ALERT24_API_KEY: alert24.apiKey,
					ALERT24_API_URL: alert24.url,
					...hostile,
				});
				const sent = alert24.sentChanges.slice(count);
				for (const secret of [alert24.apiKey, gitlabJob.CI_JOB_TOKEN]) assert.ok(!(stdout + stderr).includes(secret));
				assert.doesNotMatch(stdout + stderr, /^ {4}at /m);
				// The program itself writes line breaks only.
				assert.doesNotMatch((stdout + stderr).replaceAll('\n', ''), /\p{Cc}/u);
				if (exitCode !== 0) {
					assert.ok(exitCode === 2 || exitCode === 3, stderr);
					assert.deepEqual(sent, []);
					assert.match(stderr, /^alert24-notify: ./);
					return;
				}
				// There may be several services, and no change if the status is not success.
				assert.equal(sent.length > 0, !/^Not recorded/.test(stdout));
				for (const change of sent) {
					assert.deepEqual(findViolations(change), []);
					const byHand = {
						summary: hostile['ALERT24_SUMMARY'],
						changed_by: hostile['ALERT24_CHANGED_BY'],
						source: hostile['ALERT24_SOURCE'],
					};
					for (const [field, value] of Object.entries(byHand)) if (value) assert.equal(change[field], value);
					const message = (hostile['CI_COMMIT_MESSAGE'] ?? gitlabJob.CI_COMMIT_MESSAGE).replace(/[\r\n]+$/, '');
					assert.equal(change['commit_message'], /[^ \t\n\v\f\r]/.test(message) ? message : undefined);
				}
			}),
		);
	});
});
