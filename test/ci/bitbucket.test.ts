import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { bitbucket } from '../../src/ci/bitbucket.ts';
import type { CommitQuery } from '../../src/ci/git-commit.ts';
import { bitbucketStep } from '../support/bitbucket-step.ts';

suite('the request to git for the commit of a Bitbucket step', () => {
	async function ask(variables: Readonly<Record<string, string>>): Promise<CommitQuery[]> {
		const queries: CommitQuery[] = [];
		const request = { deployJob: undefined, environment: undefined };
		await bitbucket.readJob({ ...bitbucketStep, ...variables }, request, (query) => {
			queries.push(query);
			return Promise.resolve(undefined);
		});
		return queries;
	}

	test('names the commit, the clone, and the directories of programs', async () => {
		assert.deepEqual(await ask({ BITBUCKET_CLONE_DIR: '/build', PATH: '/bin' }), [
			{ sha: bitbucketStep.BITBUCKET_COMMIT, directory: '/build', searchPath: '/bin' },
		]);
	});

	test('uses the working directory if no clone is named', async () => {
		const [query] = await ask({});
		assert.deepEqual([query?.directory, query?.searchPath], ['.', undefined]);
	});

	test('is not sent without the digits of a commit', async () => {
		for (const commit of ['--output=/etc/passwd', 'HEAD', 'abc', 'c1f7a9e03b5d\n--all', `${'a'.repeat(64)}0`]) {
			assert.deepEqual(await ask({ BITBUCKET_COMMIT: commit }), []);
		}
	});
});
