import type { Environment } from '../environment.ts';

/** Returns the URL in one of GitLab's variables, to record or to call: without a user name and password. */
export function readGitlabUrl(environment: Environment, name: `CI_${string}_URL`): string | undefined {
	return environment[name]?.replace(/^(https?:\/\/)[^/?#]*@/i, '$1');
}
