/** An `include:` entry for the component hook, at the commit under test. */
export function includeHook(inputs: Record<string, unknown> = {}) {
	return { component: '$CI_SERVER_FQDN/$CI_PROJECT_PATH/hook@$CI_COMMIT_SHA', inputs };
}
