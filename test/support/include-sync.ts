/** Returns an entry of `include:` with the component sync at the commit under test. */
export function includeSync(inputs: Record<string, unknown> = {}) {
	return { component: '$CI_SERVER_FQDN/$CI_PROJECT_PATH/sync@$CI_COMMIT_SHA', inputs };
}
