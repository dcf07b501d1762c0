import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { readSentChange } from '../../stand-in/alert24-validation.ts';

const change = { summary: 'Deployed shop @ 01234567', environment: 'staging', tags: ['gitlab'] };

suite("the stand-in's validation of a change", () => {
	for (const [sent, message] of [
		[{}, 'summary is required'],
		[{ summary: '' }, 'summary is required'],
		[{ summary: 1 }, 'summary must be a string that is not empty'],
		[{ ...change, pr_number: 5 }, 'pr_number must be a string that is not empty'],
		[{ ...change, branch: null }, 'branch must be a string that is not empty'],
		[{ ...change, branch: '' }, 'branch must be a string that is not empty'],
		[{ ...change, tags: 'gitlab' }, 'tags must be an array of strings'],
		[{ ...change, tags: [1] }, 'tags must be an array of strings'],
		[{ ...change, risk_level: 'LOW' }, 'risk_level must be one of: low, medium, high, critical'],
		[{ ...change, status: 'ok' }, 'status is not a field of a change'],
		[[change], 'body must be a JSON object'],
		['{"summary":', 'body must be valid JSON in UTF-8'],
		[Buffer.from('{"summary":"\xff"}', 'latin1'), 'body must be valid JSON in UTF-8'],
	] as const) {
		test(`refuses ${JSON.stringify(sent).slice(0, 100)}: ${message}`, () => {
			const body = typeof sent === 'string' || sent instanceof Uint8Array ? sent : JSON.stringify(sent);
			assert.deepEqual(readSentChange(Buffer.from(body)), { problem: message });
		});
	}

	test('accepts each of the documented fields', () => {
		const whole = {
			...change,
			service_id: 'svc_1',
			change_type: 'rollback',
			description: 'Release\nnotes',
			source: 'gitlab-ci',
			commit_sha: '0123456789abcdef0123456789abcdef01234567',
			commit_message: 'Fix "it"',
			branch: 'main',
			pr_number: '5',
			pr_url: 'https://gitlab.com/a/b/-/merge_requests/5',
			pipeline_url: 'https://gitlab.com/a/b/-/pipelines/1',
			risk_level: 'high',
			changed_by: 'deployer',
			external_id: 'gitlab:1',
		};
		assert.equal(Object.keys(whole).length, 16);
		assert.deepEqual(readSentChange(Buffer.from(JSON.stringify(whole))), { change: whole });
	});
});
