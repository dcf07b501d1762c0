import { quote } from '../text/visible-text.ts';
import { type GitlabClient, LookupError } from './gitlab-client.ts';
import { type GitlabJob, readDeployment, readJob } from './payloads.ts';

export type DeployJobQuery = Readonly<{ pipelineId: string; name: string; environment: string }>;

// 500 jobs: larger pipelines than that belong to parent-child pipelines.
const mostPages = 5;

/**
 * Finds the newest run of a job in a pipeline. A job with `parallel` or `parallel:matrix` has several instances, a
 * trigger job is in a list of its own. Throws a LookupError if GitLab does not answer or does not list the job.
 */
export async function findDeployJob(client: GitlabClient, query: DeployJobQuery): Promise<readonly GitlabJob[]> {
	const path = `/pipelines/${query.pipelineId}`;
	let jobs: readonly GitlabJob[];
	try {
		jobs = (await client.list(`${path}/jobs`, {}, readJob, mostPages)).items;
	} catch (error) {
		// Job tokens of GitLab 17 and earlier cannot list jobs, but deployments.
		if (error instanceof LookupError && error.status !== undefined && error.status < 500) {
			return await findInDeployments(client, query, error);
		}
		throw error;
	}
	const instances = selectInstances(jobs, query.name);
	if (instances.length > 0) return instances;
	const { items: bridges } = await client.list(`${path}/bridges`, {}, readJob, mostPages);
	const triggers = selectInstances(bridges, query.name);
	if (triggers.length > 0) return triggers;
	throw new LookupError(`pipeline ${query.pipelineId} has no job ${quote(query.name)}`);
}

async function findInDeployments(
	client: GitlabClient,
	{ pipelineId, name, environment }: DeployJobQuery,
	refusal: LookupError,
): Promise<readonly GitlabJob[]> {
	const query = { environment, order_by: 'id', sort: 'desc', per_page: '20' };
	const { items } = await client.list('/deployments', query, readDeployment, 1).catch(() => {
		throw refusal;
	});
	const jobs = items.flatMap(({ job }) => (job !== undefined && job.pipeline.id === pipelineId ? [job] : []));
	const instances = selectInstances(jobs, name);
	if (instances.length === 0) throw refusal;
	return instances;
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
