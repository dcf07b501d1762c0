import { systemClock } from '../../src/delivery/clock.ts';
import { startAlert24 } from '../../stand-in/alert24-stand-in.ts';
import { startGitlab } from '../../stand-in/gitlab-stand-in.ts';
import { gitlabJob, runInProcess } from '../support/run-in-process.ts';

const { CI_COMMIT_SHA: sha, CI_PROJECT_URL: projectUrl } = gitlabJob;
const previous = '8c41f02b7d95e3a6140c2be87fd3091a65c7b2e4';
const job = { name: 'deploy-production', user: 'jonas.weber' };

/**
 * Runs the command in the job that the README's quick start adds, against stand-ins, and returns the change as it was
 * sent.
 */
export async function recordExample(): Promise<object | undefined> {
	await using alert24 = await startAlert24();
	await using gitlab = await startGitlab({
		project: { id: 4711, path: 'shop/web-shop' },
		commits: [{ sha, message: 'Sort the basket by price\n\nSee merge request shop/web-shop!72\n' }],
		jobs: [
			{
				...job,
				id: 901207,
				pipeline: 81102,
				sha: previous,
				startedAt: '2026-11-19T15:20:11Z',
				finishedAt: '2026-11-19T15:21:03Z',
			},
			{
				...job,
				id: 903311,
				pipeline: 81234,
				sha,
				startedAt: '2026-11-20T09:14:02Z',
				finishedAt: '2026-11-20T09:14:44Z',
			},
		],
		deployments: [
			{ id: 1, environment: 'production', job: 901207 },
			{ id: 2, environment: 'production', job: 903311 },
		],
	});
	const { CI_API_V4_URL, CI_JOB_TOKEN } = gitlab.variables;
	const variables = {
		...gitlabJob,
		CI_API_V4_URL,
		CI_JOB_TOKEN,
		CI_PIPELINE_CREATED_AT: '2026-11-20T09:05:31Z',
		ALERT24_API_URL: alert24.url,
		ALERT24_API_KEY: alert24.apiKey,
		ALERT24_DEPLOY_JOB: job.name,
		ALERT24_ENVIRONMENT: 'production',
		ALERT24_SERVICE_ID: 'svc_abc123',
	};
	const clock = { ...systemClock, date: () => Date.parse('2026-11-20T09:15:00Z') };
	await runInProcess([], variables, { clock });
	const text = JSON.stringify(alert24.sentChanges[0]);
	return JSON.parse(text.replaceAll(`${gitlab.url}/shop/web-shop`, projectUrl));
}
