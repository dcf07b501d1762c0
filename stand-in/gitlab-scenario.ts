/** A GitLab project with its history, as data. The stand-in turns it into GitLab's payloads. */
export type GitlabScenario = Readonly<{
	project: ScenarioProject;
	commits?: readonly ScenarioCommit[];
	mergeRequests?: readonly ScenarioMergeRequest[];
	jobs?: readonly ScenarioJob[];
	deployments?: readonly ScenarioDeployment[];
}>;

type ScenarioProject = Readonly<{ id: number; path: string; defaultBranch?: string }>;

export type ScenarioCommit = Readonly<{ sha: string; message: string; author?: string }>;

export type ScenarioMergeRequest = Readonly<{
	iid: number;
	title: string;
	/** Default: merged. */
	state?: 'opened' | 'closed' | 'merged';
	targetBranch?: string;
	/** The last commit of the source branch. */
	sha?: string;
	mergeCommitSha?: string;
	squashCommitSha?: string;
	/** The commits that GitLab relates to this merge request, in addition to the three above. */
	relatedShas?: readonly string[];
}>;

export type ScenarioJob = Readonly<{
	id: number;
	pipeline: number;
	name: string;
	sha: string;
	/** Default: success. */
	status?: string;
	failureReason?: string;
	allowFailure?: boolean;
	/** Default: the default branch of the project. */
	ref?: string;
	isTag?: boolean;
	/** ISO 8601. Null: the job did not start. */
	startedAt?: string | null;
	finishedAt?: string | null;
	/** Default: ada. */
	user?: string;
	/** A trigger job. Its downstream pipeline has this id; null: GitLab did not create it. */
	downstreamPipeline?: number | null;
}>;

export type ScenarioDeployment = Readonly<{
	id: number;
	environment: string;
	/** Default: the status of the job. */
	status?: string;
	/** The id of the job. Without it the deployment comes from the Deployments API. */
	job?: number;
	/** Default: the commit of the job. */
	sha?: string;
	ref?: string;
	user?: string;
	/** ISO 8601. Default: the start of the job. */
	createdAt?: string;
	/** ISO 8601. Default: the end of the job. */
	updatedAt?: string;
	/** The merge requests that this deployment shipped first. */
	mergeRequests?: readonly number[];
}>;
