import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { assertValidChange, findViolations } from '../../src/change/validate-change.ts';
import { InvalidChangeError } from '../../src/reported-error.ts';

const valid = { summary: 'Deployed web-shop', environment: 'production' };

function messages(change: unknown): string[] {
	return findViolations(change).map(({ message }) => message);
}

suite('findViolations', () => {
	test('returns nothing for a change with all sixteen fields', () => {
		const whole = {
			...valid,
			service_id: 'svc_1',
			change_type: 'deployment',
			description: 'd',
			source: 'gitlab-ci',
			commit_sha: '5b1e7d20c4a94f0e8d3b6a7c9e2f10485d6b7a31',
			commit_message: 'm',
			branch: 'main',
			pr_number: '7',
			pr_url: 'https://gitlab.com/a/b/-/merge_requests/7',
			pipeline_url: 'https://gitlab.com/a/b/-/pipelines/1',
			risk_level: 'low',
			changed_by: 'ann',
			external_id: 'x',
			tags: ['a'],
		};
		assert.equal(Object.keys(whole).length, 16);
		assert.deepEqual(messages(whole), []);
	});

	const cases: [object | unknown, string[]][] = [
		[{}, ['summary is required', 'environment is required']],
		[{ ...valid, risk_level: 'severe' }, ['risk_level must be one of low, medium, high, critical; got "severe"']],
		[{ ...valid, summary: '' }, ['summary must not be blank; got ""']],
		[{ ...valid, summary: ' \t' }, ['summary must not be blank; got " \\t"']],
		[
			{ ...valid, summary: '🚀'.repeat(256) },
			[`summary must have at most 255 characters; got 256: "${'🚀'.repeat(199)}…"`],
		],
		[{ ...valid, pr_number: 42 }, ['pr_number must be of type string; got 42']],
		[{ ...valid, pr_number: '0' }, ['pr_number must be a number of at most 20 digits, as text; got "0"']],
		[{ ...valid, pr_url: 'x y' }, ['pr_url must be an http or https URL without spaces; got "x y"']],
		[{ ...valid, commit_sha: 'main' }, ['commit_sha must be 7 to 64 hexadecimal digits; got "main"']],
		[{ ...valid, service_id: 'a/b' }, ['service_id must be one id without spaces and slashes; got "a/b"']],
		[{ ...valid, tags: ['a', 'a'] }, ['tags must not contain the same text twice; got ["a","a"]']],
		[{ ...valid, tags: ['a', ' '] }, ['tags[1] must not be blank; got " "']],
		[{ ...valid, tags: [] }, ['tags must have at least 1 texts; got 0']],
		[{ ...valid, tags: 'a' }, ['tags must be of type array; got "a"']],
		[{ ...valid, colour: 'red' }, ['"colour" is not a field of a change']],
		[null, ['a change must be a JSON object; got null']],
		['text', ['a change must be a JSON object; got "text"']],
	];
	for (const [change, expected] of cases) {
		test(`reports: ${expected[0]?.slice(0, 80)}`, () => assert.deepEqual(messages(change), expected));
	}
});

suite('assertValidChange', () => {
	test('throws one error with every violation', () => {
		assert.throws(
			() => assertValidChange({ ...valid, pr_number: 1, risk_level: 2 }),
			(error) => {
				assert.ok(error instanceof InvalidChangeError);
				assert.equal(error.exitCode, 3);
				assert.deepEqual(error.message.split('\n'), [
					'pr_number must be of type string; got 1',
					'risk_level must be of type string; got 2',
					'risk_level must be one of low, medium, high, critical; got 2',
				]);
				return true;
			},
		);
	});
});
