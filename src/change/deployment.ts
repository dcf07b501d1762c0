import type { Change } from './change-schema.ts';

/** The ways in which a deployment ends, in the words of GitLab's CI_JOB_STATUS. */
export const outcomes = ['success', 'failed', 'canceled', 'timedout'] as const;

export type Outcome = (typeof outcomes)[number];

/** Returns true if a text is one of the four outcomes. */
export function isOutcome(text: string): text is Outcome {
	return (outcomes as readonly string[]).includes(text);
}

/** GitLab's merge request, Bitbucket's pull request. */
export type PullRequest = Readonly<{ number: string; url: string | undefined }>;

/** Identifies one deployment for ever. */
export type DeploymentKey = Readonly<{
	/**
	 * The parts of the external_id that precede outcome, environment and service, e.g. gitlab, host, project id, job,
	 * job id.
	 */
	parts: readonly string[];
	/**
	 * True if the parts contain the id of the deploy job, which is new for each retry and rollback. Without it the
	 * outcome is part of the external_id, because a failed deployment and its retry in the same pipeline are two
	 * deployments.
	 */
	hasJobId: boolean;
}>;

/**
 * A deployment, whichever source reports it: a job's variables, GitLab's API, a webhook. Absent facts are undefined.
 */
export type Deployment = Readonly<{
	/** Alert24's name for the source system, e.g. `gitlab-ci` (alert24.net/docs/changes-gitlab-ci). */
	source: string;
	key: DeploymentKey | undefined;
	/** A push is not a deployment; the relay records it as a change of code. */
	kind: 'deployment' | 'rollback' | 'redeployment' | 'first-deployment' | 'push';
	outcome: Outcome;
	environment: string;
	project: string | undefined;
	commit: Readonly<{
		sha: string | undefined;
		/** The first 8 digits. */
		shortSha: string | undefined;
		/** The whole message without trailing newlines. */
		message: string | undefined;
	}>;
	branch: string | undefined;
	/** The git tag in a pipeline for a tag. */
	tag: string | undefined;
	pullRequest: PullRequest | undefined;
	/** The person who deployed, which is not the author of the commit. */
	deployedBy: string | undefined;
	pipeline: Readonly<{ url: string | undefined; createdAt: string | undefined }>;
	/** The deploy job. Times are ISO 8601, the duration is in seconds. */
	job: DeployJob | undefined;
	/** The successful deployment before this one. */
	previous: PreviousDeployment | undefined;
	/** All merge requests that this deployment ships, e.g. `!12`, if they were looked up. */
	mergeRequests: readonly string[];
	/** The tags that the source adds, as in Alert24's own examples. */
	tags: readonly string[];
}>;

type DeployJob = Readonly<{
	url: string | undefined;
	startedAt: string | undefined;
	finishedAt: string | undefined;
	durationSeconds: number | undefined;
}>;

export type PreviousDeployment = Readonly<{
	sha: string;
	/** ISO 8601. */
	deployedAt: string | undefined;
	/** The page that compares the two commits. */
	compareUrl: string | undefined;
}>;

/** The fields of a change that the user may set. They are sent exactly as given. */
export type GivenFields = Readonly<
	Pick<
		Change,
		'environment' | 'change_type' | 'risk_level' | 'summary' | 'description' | 'changed_by' | 'external_id' | 'source'
	>
>;

/** The user's values to record instead of, or in addition to, the values that the source reports. */
export type Overrides = Readonly<{
	fields: Partial<GivenFields>;
	/** The name of the deployed software in the summary; undefined: the project's name. */
	name: string | undefined;
	tags: readonly string[];
}>;
