import type { Deployment } from '../change/deployment.ts';
import { buildMergeRequestUrl } from '../ci/gitlab.ts';
import { findMergeRequestNumber } from '../ci/merge-request-reference.ts';
import { readCommitMessage } from './complete-deployment.ts';
import { chooseMergeRequest, listMergeRequestsOfCommit, listShippedMergeRequests } from './find-merge-requests.ts';
import { compareWithPrevious, describeGap, listSuccesses, type Successes } from './find-previous-deployment.ts';
import { type GitlabClient, LookupError } from './gitlab-client.ts';
import type { GitlabProject } from './list-deployments.ts';
import type { GitlabDeployment } from './payloads.ts';

/** Completes deployments of GitLab's list with their history, their merge request and a missing commit message. */
export class ListedDeploymentCompleter {
	readonly #client: GitlabClient;
	readonly #project: GitlabProject;
	/** The newest update first. */
	readonly #listed: readonly GitlabDeployment[];
	readonly #successes = new Map<string, Promise<Successes>>();
	/** The reasons why GitLab did not answer a question, each once. */
	readonly refusals = new Set<string>();

	constructor(client: GitlabClient, project: GitlabProject, listed: readonly GitlabDeployment[]) {
		this.#client = client;
		this.#project = project;
		this.#listed = listed;
	}

	/** A refusal is not an error: the deployment is returned without the fact. */
	async complete(listed: GitlabDeployment, deployment: Deployment): Promise<Deployment> {
		const [history, withMergeRequest] = await Promise.all([
			this.#findHistory(listed),
			this.#findMergeRequest(listed, deployment),
		]);
		return { ...withMergeRequest, ...history };
	}

	async #findHistory(listed: GitlabDeployment) {
		const { id, sha, job, environment, createdAt } = listed;
		const successes = await this.#ask('the previous deployment', this.#listSuccesses(environment));
		if (successes === undefined) return {};
		const jobName = job === undefined ? null : job.name;
		const own = { id, sha, pipelineId: job?.pipeline.id, jobName, jobIds: [], isGroup: false, startedAt: createdAt };
		const history = compareWithPrevious(own, successes, this.#project.url, true);
		const gap = describeGap(own, successes, history, environment);
		if (gap !== undefined) this.#refuse('the previous deployment', gap);
		return history;
	}

	/** Joins the deployments of the list, which may be many, and the ones before them. */
	#listSuccesses(environment: string): Promise<Successes> {
		const known = this.#successes.get(environment);
		if (known !== undefined) return known;
		const oldest = this.#listed.at(-1)?.updatedAt;
		const joined = listSuccesses(this.#client, environment, oldest).then(({ deployments: older, isTruncated }) => {
			const listed = this.#listed.filter((one) => one.environment === environment && one.status === 'success');
			const byId = new Map([...listed, ...older].map((one) => [one.id, one]));
			return { deployments: [...byId.values()].toSorted((a, b) => b.id - a.id), isTruncated };
		});
		this.#successes.set(environment, joined);
		return joined;
	}

	async #findMergeRequest({ id, sha }: GitlabDeployment, listed: Deployment): Promise<Deployment> {
		const deployment = await this.#withMessage(listed);
		if (deployment.pullRequest !== undefined) return deployment;
		const merged = await this.#ask('the merge request', this.#listMergeRequests(id, sha));
		if (merged === undefined) return deployment;
		const { pullRequest, references } = chooseMergeRequest(merged, sha, this.#project.url);
		return { ...deployment, pullRequest, mergeRequests: references };
	}

	async #listMergeRequests(id: number, sha: string) {
		const shipped = await listShippedMergeRequests(this.#client, id);
		return shipped.length > 0 ? shipped : await listMergeRequestsOfCommit(this.#client, sha);
	}

	async #withMessage(deployment: Deployment): Promise<Deployment> {
		const { sha, message: known } = deployment.commit;
		if (known !== undefined || sha === undefined) return deployment;
		const message = await this.#ask('the commit message', readCommitMessage(this.#client, sha));
		const commit = { ...deployment.commit, message };
		if (deployment.pullRequest !== undefined) return { ...deployment, commit };
		const number = findMergeRequestNumber(message ?? '', this.#project);
		const pullRequest =
			number === undefined ? undefined : { number, url: buildMergeRequestUrl(this.#project.url, number) };
		return { ...deployment, commit, pullRequest };
	}

	async #ask<T>(question: string, answer: Promise<T>): Promise<T | undefined> {
		try {
			return await answer;
		} catch (error) {
			if (!(error instanceof LookupError)) throw error;
			this.#refuse(question, error.message);
			return undefined;
		}
	}

	#refuse(question: string, reason: string): void {
		this.refusals.add(`GitLab lookup of ${question}: ${reason}; the changes are recorded without it`);
	}
}
