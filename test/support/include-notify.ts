/** An `include:` entry for the component notify, at the commit under test. */
export function includeNotify(inputs: Record<string, unknown> = {}) {
	return {
		component: '$CI_SERVER_FQDN/$CI_PROJECT_PATH/notify@$CI_COMMIT_SHA',
		inputs: { deploy_job: 'deploy', environment: 'production', ...inputs },
	};
}
