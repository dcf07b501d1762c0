import type { Outcome, UnknownOutcome } from '../outcome.ts';

/** What any CI can tell of the run that this program is part of. Absent is undefined; texts are as the CI gave them. */
export type CiRun = Readonly<{
	ci: 'gitlab' | 'bitbucket';
	/** Alert24's name for the source system, e.g. `gitlab-ci` (alert24.net/docs/changes-gitlab-ci). */
	source: string;
	project: string | undefined;
	commitSha: string | undefined;
	/** The first 8 digits of the commit. */
	commitShortSha: string | undefined;
	/** The whole message, less trailing newlines. */
	commitMessage: string | undefined;
	branch: string | undefined;
	/** The git tag, in a pipeline for a tag. */
	tag: string | undefined;
	/** GitLab's merge request, Bitbucket's pull request. */
	pullRequest: PullRequest | undefined;
	pipelineUrl: string | undefined;
	/** The environment that the running job deploys to, where the CI knows it. */
	environment: string | undefined;
	/** Whether the running job takes its environment down instead of deploying to it. */
	stopsEnvironment: boolean;
	/** Who started the run: the one who deployed, not the author of the commit. */
	triggeredBy: string | undefined;
	/** The running job. It is the deploy job only where no other job is reported on. */
	job: Readonly<{ url: string | undefined; startedAt: string | undefined }>;
	/** What names this attempt of the running job, and no other, for ever. */
	jobKey: readonly string[] | undefined;
	/** What names the pipeline that the running job belongs to. */
	pipelineKey: readonly string[] | undefined;
	/** How the running job tells that the deployment ended. */
	outcome: Outcome | UnknownOutcome;
}>;

export type PullRequest = Readonly<{ number: string; url: string | undefined }>;
