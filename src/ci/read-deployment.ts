import type { Environment } from '../environment.ts';
import { isBitbucket, readBitbucketRun } from './bitbucket.ts';
import type { CiRun } from './ci-run.ts';
import type { ReadCommit } from './git-commit.ts';
import { isGitlab, readGitlabRun } from './gitlab.ts';

/** Gives the run of the CI whose variables are in the environment; undefined outside of any CI that is known here. */
export async function readCiRun(environment: Environment, readCommit: ReadCommit): Promise<CiRun | undefined> {
	if (isGitlab(environment)) return readGitlabRun(environment);
	if (isBitbucket(environment)) return await readBitbucketRun(environment, readCommit);
	return undefined;
}
