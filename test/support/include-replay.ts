/** Returns an entry of `include:` with the component replay at the commit under test. */
export function includeReplay(inputs: Record<string, unknown> = {}) {
	return { component: '$CI_SERVER_FQDN/$CI_PROJECT_PATH/replay@$CI_COMMIT_SHA', inputs };
}
