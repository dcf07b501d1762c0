import { startAlert24 } from '../stand-in/alert24-stand-in.ts';
import { createGitlabProject } from '../test/support/gitlab-project.ts';

const configuration = `
include:
  - component: $CI_SERVER_FQDN/$CI_PROJECT_PATH/notify@$CI_COMMIT_SHA
    inputs:
      deploy_job: deploy
      environment: production
      service_id: svc_shop

stages: [build, deploy]

build:
  stage: build
  script:
    - echo "Building the shop"

deploy:
  stage: deploy
  script:
    - echo "Deploying the shop to production"
`;

/**
 * Runs the pipeline of a sample project whose jobs find `notifyScript` as the command alert24-notify, with a stand-in of
 * Alert24 on this machine, and prints it. Returns true if the stand-in recorded the deployment.
 */
export async function runDemo(notifyScript: string, print: (text: string) => void): Promise<boolean> {
	await using alert24 = await startAlert24();
	await using project = await createGitlabProject({ 'alert24-notify': notifyScript });

	print(`A project's .gitlab-ci.yml, with the component alert24-notify:\n${indent(configuration)}`);
	const { log: wholeLog } = await project.run(configuration, {
		ALERT24_API_KEY: alert24.apiKey,
		ALERT24_API_URL: alert24.url,
		CI_COMMIT_MESSAGE: 'Sell shoes\n\nSee merge request acme/shop!42',
	});
	// gitlab-ci-local ignores `when: on_failure` of artifacts and warns that a successful job has none.
	const log = wholeLog.replaceAll(/^.*!! no artifacts was copied !!.*\n/gm, '');
	print(`Its pipeline, run on this machine by gitlab-ci-local:\n\n${indent(log)}`);

	const [change] = alert24.changes;
	if (change === undefined) {
		print('Nothing was recorded. The log above shows the reason.');
		return false;
	}
	print(
		`The change that Alert24 (a stand-in, on this machine) has recorded:\n\n${indent(JSON.stringify(change, null, 2))}`,
	);
	print(
		'\nNext: put an API key of yours into the CI/CD settings of your project, as the masked variable ALERT24_API_KEY,',
	);
	print('and include gitlab.com/alert24/alert24-notify/notify@1 in its .gitlab-ci.yml with inputs like those above.');
	return true;
}

function indent(text: string): string {
	return text.replace(/^(?=.)/gm, '  ');
}
