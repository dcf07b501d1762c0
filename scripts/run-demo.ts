import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startAlert24 } from '../stand-in/alert24-stand-in.ts';
import type { GitlabScenario } from '../stand-in/gitlab-scenario.ts';
import { startGitlab } from '../stand-in/gitlab-stand-in.ts';
import { createGitlabProject } from '../test/support/gitlab-project.ts';

const configuration = `
include:
  - component: $CI_SERVER_FQDN/$CI_PROJECT_PATH/notify@$CI_COMMIT_SHA
    inputs:
      deploy_job: deploy
      environment: production
      service_id: svc_shop
      record_failures: true

stages: [build, deploy]

build:
  stage: build
  script:
    - echo "Building the shop"

# A manual job is allowed to fail by default.
deploy:
  stage: deploy
  when: manual
  allow_failure: true
  script:
    - sh deploy.sh
`;

const works = 'echo "Deploying the shop to production"\n';
const breaks = 'echo "The server does not answer"\nexit 1\n';

/** The commits of the sample project, and the three pipelines that deploy them. */
const commits = [
	{ message: 'Sell shoes', deployScript: works },
	{ message: 'Sell hats\n\nSee merge request acme/shop!42', deployScript: works },
	{ message: 'Sell sandals', deployScript: breaks },
] as const;
const pipelines = [
	{ title: 'The first pipeline deploys a new commit', id: 1002, commit: 1, status: 'success' },
	{ title: 'The second pipeline deploys the older commit again', id: 1003, commit: 0, status: 'success' },
	{
		title: 'The third pipeline fails to deploy, although its job is allowed to fail',
		id: 1004,
		commit: 2,
		status: 'failed',
	},
] as const;

/**
 * Runs three pipelines of a sample project whose jobs find `notifyScript` as the command alert24-notify, with stand-ins
 * of Alert24 and GitLab on this machine, and prints them. Returns true if the stand-in recorded each deployment.
 */
export async function runDemo(notifyScript: string, print: (text: string) => void): Promise<boolean> {
	await using alert24 = await startAlert24();
	await using project = await createGitlabProject({ 'alert24-notify': notifyScript });
	const shas = commits.map(({ message, deployScript }) => commit(project.directory, message, deployScript));
	await using gitlab = await startGitlab(buildScenario(shas, 0));

	print(`A project's .gitlab-ci.yml, with the component alert24-notify:\n${indent(configuration)}`);
	for (const [index, { title, id, commit }] of pipelines.entries()) {
		git(project.directory, 'reset', '--quiet', '--hard', shas[commit] ?? '');
		// GitLab lists the pipelines up to this one.
		gitlab.scenario = buildScenario(shas, index + 1);
		const { CI_API_V4_URL, CI_JOB_TOKEN, CI_PROJECT_ID } = gitlab.variables;
		const variables = {
			ALERT24_API_KEY: alert24.apiKey,
			ALERT24_API_URL: alert24.url,
			...{ CI_API_V4_URL, CI_JOB_TOKEN, CI_PROJECT_ID },
			CI_PIPELINE_ID: String(id),
			CI_COMMIT_MESSAGE: commits[commit].message,
		};
		const { log: wholeLog } = await project.run(configuration, variables, '--manual=deploy');
		// gitlab-ci-local ignores `when: on_failure` of artifacts and warns that a successful job has none.
		const log = wholeLog.replaceAll(/^.*!! no artifacts was copied !!.*\n/gm, '');
		print(`${title}. Its log, by gitlab-ci-local on this machine:\n\n${indent(log)}`);

		const change = alert24.changes[index];
		if (change === undefined) {
			print('Nothing was recorded. The log above shows the reason.');
			return false;
		}
		print(`The change that Alert24 (a stand-in) has recorded:\n\n${indent(JSON.stringify(change, null, 2))}\n`);
	}
	print(
		'Next: put an API key of yours into the CI/CD settings of your project, as the masked variable ALERT24_API_KEY,',
	);
	print('and include gitlab.com/alert24/alert24-notify/notify@1 in its .gitlab-ci.yml with inputs like those above.');
	return true;
}

const hourMs = 3_600_000;

/** GitLab's history: a pipeline of the first commit, then so many of the pipelines, one an hour, the last one now. */
function buildScenario(shas: readonly string[], count: number): GitlabScenario {
	const now = Date.now();
	const jobs = [{ id: 1001, commit: 0, status: 'success' }, ...pipelines.slice(0, count)].map(
		({ id, commit, status }, index) => ({
			id: 5000 + id,
			pipeline: id,
			name: 'deploy',
			sha: shas[commit] ?? '',
			status,
			allowFailure: true,
			...(status === 'failed' && { failureReason: 'script_failure' }),
			startedAt: new Date(now - (count - index) * hourMs - 42_000).toISOString(),
			finishedAt: new Date(now - (count - index) * hourMs).toISOString(),
			user: index === 2 ? 'grace' : 'ada',
		}),
	);
	return {
		project: { id: 4711, path: 'acme/shop' },
		commits: commits.map(({ message }, index) => ({ sha: shas[index] ?? '', message: `${message}\n` })),
		// The message of the first commit does not name its merge request.
		mergeRequests: [{ iid: 41, title: 'Sell shoes', squashCommitSha: shas[0] ?? '' }],
		jobs,
		deployments: jobs.map(({ id }, index) => ({ id: index + 1, environment: 'production', job: id })),
	};
}

/** Commits deploy.sh, and returns the commit. */
function commit(directory: string, message: string, deployScript: string): string {
	writeFileSync(join(directory, 'deploy.sh'), deployScript);
	git(directory, 'add', 'deploy.sh');
	git(directory, 'commit', '--quiet', '--allow-empty', '--message', message);
	return git(directory, 'rev-parse', 'HEAD').trim();
}

function git(directory: string, ...args: readonly string[]): string {
	return execFileSync('git', ['-C', directory, ...args], { encoding: 'utf8' });
}

function indent(text: string): string {
	return text.replace(/^(?=.)/gm, '  ');
}
