import type { Environment } from '../environment.ts';
import type { CiRun } from './ci-run.ts';
import { isGitlab, readGitlabRun } from './gitlab.ts';

/** Gives the run of the CI whose variables are in the environment; undefined outside of any CI that is known here. */
export function readCiRun(environment: Environment): CiRun | undefined {
	if (isGitlab(environment)) return readGitlabRun(environment);
	return undefined;
}
