import { renderHook } from '../../test/support/hook-script.ts';
import type { Program } from './take-turns.ts';

// As on https://alert24.net/docs/changes-gitlab-ci: curl sends a text that the shell builds, with the message from jq.
const pastedSnippet = `
if [ "$CI_JOB_STATUS" = success ]; then
	curl -s -X POST "$ALERT24_API_URL/api/v1/changes" \\
		-H "Authorization: Bearer $ALERT24_API_KEY" -H 'Content-Type: application/json' -d "{
			\\"summary\\": \\"Deployed $CI_PROJECT_NAME @ $CI_COMMIT_SHORT_SHA\\",
			\\"change_type\\": \\"deployment\\", \\"source\\": \\"gitlab-ci\\", \\"environment\\": \\"$CI_ENVIRONMENT_NAME\\",
			\\"branch\\": \\"$CI_COMMIT_BRANCH\\", \\"commit_sha\\": \\"$CI_COMMIT_SHA\\",
			\\"commit_message\\": $(echo "$CI_COMMIT_MESSAGE" | jq -Rs .),
			\\"pipeline_url\\": \\"$CI_PIPELINE_URL\\", \\"changed_by\\": \\"$GITLAB_USER_LOGIN\\",
			\\"tags\\": [\\"gitlab\\", \\"$CI_ENVIRONMENT_NAME\\"]}" >/dev/null
fi`;

/**
 * Returns the hook and the snippet of Alert24's own page, each under bash and dash: names such as `hook, bash` and
 * `pasted snippet, bash`. They need curl and jq.
 */
export function buildHookPrograms(environment: Readonly<Record<string, string>>): Program[] {
	const job = {
		...environment,
		CI_JOB_STATUS: 'success',
		CI_JOB_ID: '1',
		CI_ENVIRONMENT_NAME: 'production',
		CI_COMMIT_SHORT_SHA: '1a2b3c4d',
		CI_COMMIT_BRANCH: 'main',
		CI_PIPELINE_URL: 'https://gitlab.com/shop/shop/-/pipelines/1',
		GITLAB_USER_LOGIN: 'jonas.weber',
	};
	const { after_script, variables } = renderHook();
	const hook = after_script.join('\n');
	return ['bash', 'dash'].flatMap((shell) => [
		{ name: `hook, ${shell}`, command: [shell, '-c', hook], environment: { ...variables, ...job } },
		{ name: `pasted snippet, ${shell}`, command: [shell, '-c', pastedSnippet], environment: job },
	]);
}
