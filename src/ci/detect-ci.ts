import type { Environment } from '../environment.ts';
import { bitbucket } from './bitbucket.ts';
import type { Ci } from './ci.ts';
import { gitlab } from './gitlab.ts';

const cis: readonly Ci[] = [gitlab, bitbucket];

/** Returns the CI whose job has this environment; undefined outside of any CI that this program supports. */
export function detectCi(environment: Environment): Ci | undefined {
	return cis.find((ci) => ci.isRunning(environment));
}
