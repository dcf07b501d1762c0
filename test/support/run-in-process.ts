import { type ProcessIo, run } from '../../src/cli.ts';
import { createTerminal } from './terminal.ts';

/** The variables of a GitLab deploy job that a complete change needs. */
export const gitlabJob = {
	GITLAB_CI: 'true',
	CI_SERVER_FQDN: 'gitlab.com',
	CI_PROJECT_ID: '4711',
	CI_PROJECT_NAME: 'web-shop',
	CI_PROJECT_PATH: 'shop/web-shop',
	CI_PROJECT_URL: 'https://gitlab.com/shop/web-shop',
	CI_COMMIT_SHA: '5b1e7d20c4a94f0e8d3b6a7c9e2f10485d6b7a31',
	CI_COMMIT_SHORT_SHA: '5b1e7d20',
	CI_COMMIT_BRANCH: 'main',
	CI_COMMIT_MESSAGE: 'Sort the basket by price\n',
	CI_PIPELINE_ID: '81234',
	CI_PIPELINE_URL: 'https://gitlab.com/shop/web-shop/-/pipelines/81234',
	CI_JOB_ID: '903311',
	CI_JOB_TOKEN: 'glcbt-64_job-token-of-a-test',
	GITLAB_USER_LOGIN: 'jonas.weber',
} as const;

/** The result of a run. */
export type RunResult = Readonly<{ exitCode: number; stdout: string; stderr: string }>;

/** Runs the command in this process, with exactly these variables. */
export async function runInProcess(
	argv: readonly string[],
	variables: Readonly<Record<string, string>>,
	io: Partial<ProcessIo> & { stdin?: string } = {},
): Promise<RunResult> {
	const terminal = createTerminal();
	const { stdin = '' } = io;
	const exitCode = await run(argv, {
		variables,
		terminal,
		signal: new AbortController().signal,
		readStdin: () => Promise.resolve(Buffer.from(stdin)),
		...io,
	});
	return { exitCode, stdout: terminal.stdout, stderr: terminal.stderr };
}
