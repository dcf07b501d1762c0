import type {
	GitlabScenario,
	ScenarioCommit,
	ScenarioDeployment,
	ScenarioJob,
	ScenarioMergeRequest,
} from './gitlab-scenario.ts';

const longAgo = '2026-11-01T08:00:00.000Z';

/**
 * Builds the payloads of GitLab's REST API from a scenario (docs.gitlab.com/api/jobs, …/deployments, …/commits,
 * …/merge_requests, …/projects).
 */
export class GitlabPayloads {
	readonly #scenario: GitlabScenario;
	/** The page of the GitLab instance, with its relative URL root. */
	readonly #url: string;

	constructor(scenario: GitlabScenario, url: string) {
		this.#scenario = scenario;
		this.#url = url;
	}

	get #projectUrl(): string {
		return `${this.#url}/${this.#scenario.project.path}`;
	}

	get #defaultBranch(): string {
		return this.#scenario.project.defaultBranch ?? 'main';
	}

	project() {
		const { id, path } = this.#scenario.project;
		const name = path.split('/').at(-1) ?? path;
		return {
			id,
			description: null,
			name,
			name_with_namespace: path.split('/').join(' / '),
			path: name,
			path_with_namespace: path,
			created_at: longAgo,
			default_branch: this.#defaultBranch,
			web_url: this.#projectUrl,
			visibility: 'private',
			archived: false,
		};
	}

	commit({ sha, message, author = 'Ada Lovelace' }: ScenarioCommit) {
		return {
			id: sha,
			short_id: sha.slice(0, 8),
			created_at: longAgo,
			parent_ids: [],
			title: message.split('\n')[0],
			message,
			author_name: author,
			author_email: 'ada@example.com',
			authored_date: longAgo,
			committer_name: author,
			committer_email: 'ada@example.com',
			committed_date: longAgo,
			trailers: {},
			web_url: `${this.#projectUrl}/-/commit/${sha}`,
		};
	}

	mergeRequest(mergeRequest: ScenarioMergeRequest) {
		const { iid, title, state = 'merged', targetBranch = this.#defaultBranch } = mergeRequest;
		return {
			id: 9000 + iid,
			iid,
			project_id: this.#scenario.project.id,
			title,
			description: '',
			state,
			merged_at: state === 'merged' ? longAgo : null,
			target_branch: targetBranch,
			source_branch: `change-${iid}`,
			author: this.#user('ada'),
			sha: mergeRequest.sha ?? null,
			merge_commit_sha: mergeRequest.mergeCommitSha ?? null,
			squash_commit_sha: mergeRequest.squashCommitSha ?? null,
			web_url: `${this.#projectUrl}/-/merge_requests/${iid}`,
		};
	}

	job(job: ScenarioJob) {
		const { startedAt, finishedAt } = readTimes(job);
		return {
			id: job.id,
			status: job.status ?? 'success',
			stage: 'deploy',
			name: job.name,
			ref: job.ref ?? this.#defaultBranch,
			tag: job.isTag ?? false,
			coverage: null,
			allow_failure: job.allowFailure ?? false,
			created_at: longAgo,
			started_at: startedAt,
			finished_at: finishedAt,
			erased_at: null,
			duration:
				startedAt !== null && finishedAt !== null ? (Date.parse(finishedAt) - Date.parse(startedAt)) / 1000 : null,
			queued_duration: 0.5,
			user: this.#user(job.user),
			commit: this.commit(this.findCommit(job.sha)),
			pipeline: this.#pipeline(job),
			...(job.failureReason !== undefined && { failure_reason: job.failureReason }),
			web_url: `${this.#projectUrl}/-/jobs/${job.id}`,
			project: { ci_job_token_scope_enabled: false },
			artifacts: [],
			runner: null,
			artifacts_expire_at: null,
			tag_list: [],
		};
	}

	bridge(job: ScenarioJob) {
		const { artifacts, runner, artifacts_expire_at, tag_list, ...shared } = this.job(job);
		const id = job.downstreamPipeline ?? null;
		const downstream = id === null ? null : { id, sha: job.sha, ref: shared.ref, status: shared.status };
		return { ...shared, started_at: job.startedAt ?? null, downstream_pipeline: downstream };
	}

	deployment(deployment: ScenarioDeployment) {
		const job = this.#findJob(deployment);
		const { startedAt, finishedAt } = job === undefined ? { startedAt: null, finishedAt: null } : readTimes(job);
		const createdAt = deployment.createdAt ?? startedAt ?? longAgo;
		return {
			id: deployment.id,
			iid: deployment.id % 1000,
			ref: deployment.ref ?? job?.ref ?? this.#defaultBranch,
			sha: deployment.sha ?? job?.sha ?? '',
			created_at: createdAt,
			updated_at: deployment.updatedAt ?? finishedAt ?? createdAt,
			user: this.#user(deployment.user ?? job?.user),
			environment: { id: 9, name: deployment.environment, slug: deployment.environment, external_url: null },
			deployable: job === undefined ? null : this.job(job),
			status: this.statusOf(deployment),
		};
	}

	statusOf(deployment: ScenarioDeployment): string {
		return deployment.status ?? this.#findJob(deployment)?.status ?? 'success';
	}

	findCommit(sha: string): ScenarioCommit {
		return (
			this.#scenario.commits?.find((commit) => commit.sha === sha) ?? { sha, message: `Commit ${sha.slice(0, 8)}\n` }
		);
	}

	#findJob({ job: id }: ScenarioDeployment): ScenarioJob | undefined {
		return id === undefined ? undefined : this.#scenario.jobs?.find((job) => job.id === id);
	}

	#pipeline({ pipeline, sha, ref = this.#defaultBranch }: ScenarioJob) {
		return {
			id: pipeline,
			iid: pipeline % 1000,
			project_id: this.#scenario.project.id,
			sha,
			ref,
			status: 'running',
			source: 'push',
			created_at: longAgo,
			updated_at: longAgo,
			web_url: `${this.#projectUrl}/-/pipelines/${pipeline}`,
		};
	}

	#user(username = 'ada') {
		return { id: 21, name: username, username, state: 'active', web_url: `${this.#url}/${username}` };
	}
}

function readTimes(job: ScenarioJob): { startedAt: string | null; finishedAt: string | null } {
	const startedAt = job.startedAt === undefined ? longAgo : job.startedAt;
	return { startedAt, finishedAt: job.finishedAt === undefined ? startedAt : job.finishedAt };
}
