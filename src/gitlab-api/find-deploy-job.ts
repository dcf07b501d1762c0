import { quote } from '../text/visible-text.ts';
import { type GitlabClient, LookupError } from './gitlab-client.ts';
import { judgeInstances } from './judge-job.ts';
import { type GitlabJob, readDeployment, readJob } from './payloads.ts';

export type DeployJobQuery = Readonly<{ pipelineId: string; name: string; environment: string }>;

// 500 jobs: larger pipelines than that belong to parent-child pipelines.
const mostPages = 5;

/**
 * Finds the newest run of a job in a pipeline. A job with `parallel` or `parallel:matrix` has several instances, a
 * trigger job is in a list of its own. Throws a LookupError if GitLab does not answer or does not list the job, or if an
 * instance that is not listed can change the outcome.
 */
export async function findDeployJob(client: GitlabClient, query: DeployJobQuery): Promise<readonly GitlabJob[]> {
	const { pipelineId, name } = query;
	const path = `/pipelines/${pipelineId}`;
	let jobs: Readonly<{ items: readonly GitlabJob[]; hasMore: boolean }>;
	try {
		jobs = await client.list(`${path}/jobs`, {}, readJob, mostPages);
	} catch (error) {
		// Job tokens of GitLab 17 and earlier cannot list jobs, but deployments.
		if (error instanceof LookupError && error.status !== undefined && error.status < 500) {
			return await findInDeployments(client, query, error);
		}
		throw error;
	}
	const instances = selectInstances(jobs.items, name);
	if (instances.length > 0) {
		if (!jobs.hasMore || isConclusive(instances, name)) return instances;
		const gap = `the newest ${mostPages * 100} jobs of pipeline ${pipelineId} may omit instances of the job ${quote(name)}`;
		return await findInDeployments(client, query, new LookupError(gap));
	}
	const { items: bridges } = await client.list(`${path}/bridges`, {}, readJob, mostPages);
	const triggers = selectInstances(bridges, name);
	if (triggers.length > 0) return triggers;
	if (!jobs.hasMore) throw new LookupError(`pipeline ${pipelineId} has no job ${quote(name)}`);
	const absence = `the job ${quote(name)} is not among the newest ${mostPages * 100} jobs of pipeline ${pipelineId}`;
	return await findInDeployments(client, query, new LookupError(absence));
}

// Reads the newest 100 deployments. Throws the refusal if they do not answer the question either.
async function findInDeployments(
	client: GitlabClient,
	{ pipelineId, name, environment }: DeployJobQuery,
	refusal: LookupError,
): Promise<readonly GitlabJob[]> {
	const query = { environment, order_by: 'id', sort: 'desc' };
	const { items, hasMore } = await client.list('/deployments', query, readDeployment, 1).catch(() => {
		throw refusal;
	});
	const jobs = items.flatMap(({ job }) => (job !== undefined && job.pipeline.id === pipelineId ? [job] : []));
	const instances = selectInstances(jobs, name);
	if (instances.length === 0) throw refusal;
	// GitLab creates a deployment after its pipeline.
	const [oldest = '', pipeline = ''] = [items.at(-1)?.createdAt, instances[0]?.pipeline.createdAt];
	const hasAll = !hasMore || Date.parse(oldest) < Date.parse(pipeline);
	if (!hasAll && !isConclusive(instances, name)) throw refusal;
	return instances;
}

/** Returns true if instances that are not listed cannot decide between a success and a failure. */
function isConclusive(instances: readonly GitlabJob[], name: string): boolean {
	const verdict = judgeInstances(instances);
	return instances.some((job) => job.name === name) || (verdict.kind === 'ended' && verdict.outcome !== 'success');
}

/** Returns the newest job of that name, or the newest of each of its parallel instances. */
function selectInstances(jobs: readonly GitlabJob[], name: string): readonly GitlabJob[] {
	const exact = jobs.filter((job) => job.name === name);
	const candidates = exact.length > 0 ? exact : jobs.filter((job) => findGroupName(job.name) === name);
	const newest = new Map<string, GitlabJob>();
	for (const job of candidates) {
		const known = newest.get(job.name);
		if (known === undefined || Number(job.id) > Number(known.id)) newest.set(job.name, job);
	}
	return [...newest.values()];
}

/**
 * Returns the name in .gitlab-ci.yml of a parallel instance: `deploy` for `deploy 1/2` and for `deploy: [eu, blue]`
 * (docs.gitlab.com/ci/yaml/#parallel). Returns any other name as it is.
 */
export function findGroupName(name: string): string {
	return / \d+\/\d+$/.test(name) ? name.slice(0, name.lastIndexOf(' ')) : name.replace(/: \[.*\]$/s, '');
}
