import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readBitbucketRun } from '../../src/ci/bitbucket.ts';
import type { CommitQuery } from '../../src/ci/git-commit.ts';
import { bitbucketStep } from '../support/bitbucket-step.ts';

describe('the question about the commit of a Bitbucket step', () => {
	async function ask(variables: Readonly<Record<string, string>>): Promise<CommitQuery[]> {
		const queries: CommitQuery[] = [];
		await readBitbucketRun({ ...bitbucketStep, ...variables }, (query) => {
			queries.push(query);
			return Promise.resolve(undefined);
		});
		return queries;
	}

	it('names the commit, the clone, and where programs are', async () => {
		assert.deepEqual(await ask({ BITBUCKET_CLONE_DIR: '/build', PATH: '/bin' }), [
			{ sha: bitbucketStep.BITBUCKET_COMMIT, directory: '/build', searchPath: '/bin' },
		]);
	});

	it('is about the working directory where no clone is named', async () => {
		const [query] = await ask({});
		assert.deepEqual([query?.directory, query?.searchPath], ['.', undefined]);
	});

	it('is not asked where there are no digits of a commit', async () => {
		for (const commit of ['--output=/etc/passwd', 'HEAD', 'abc', 'c1f7a9e03b5d\n--all', `${'a'.repeat(64)}0`]) {
			assert.deepEqual(await ask({ BITBUCKET_COMMIT: commit }), []);
		}
	});
});
