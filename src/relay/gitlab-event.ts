// https://docs.gitlab.com/user/project/integrations/webhook_events/
import type { Deployment, Outcome, PullRequest } from '../change/deployment.ts';
import { findMergeRequestNumber, findMergeRequestNumberInRef } from '../ci/merge-request-reference.ts';
import { judgeJob } from '../gitlab-api/judge-job.ts';
import { quote } from '../text/visible-text.ts';
import { readMessage, readNumber, readText, readTime, readValue } from './payload.ts';
import { type EventNames, ignoreEvent, type ReportedEvent, rejectEvent } from './reported-event.ts';

/**
 * Reads the body of a GitLab webhook: a deployment event, or a job event, which reports more about the same deployment.
 */
export function readGitlabEvent(payload: unknown): ReportedEvent {
	const kind = readText(payload, 'object_kind');
	if (kind === 'deployment') return readDeploymentEvent(payload);
	if (kind === 'build') return readJobEvent(payload);
	if (kind === undefined) {
		return rejectEvent(
			'the body has no object_kind, so it is not a GitLab event: remove the custom template of the webhook',
		);
	}
	return ignoreEvent(`GitLab event ${quote(kind)} is not a deployment or job event`);
}

function readDeploymentEvent(payload: unknown): ReportedEvent {
	const status = readText(payload, 'status');
	const environment = readText(payload, 'environment');
	const project = readProject(payload);
	if (project === undefined || environment === undefined || status === undefined) return describeIncomplete(payload);
	const jobId = readNumber(payload, 'deployable_id');
	const deploymentId = readNumber(payload, 'deployment_id');
	if (jobId === undefined && deploymentId === undefined) return describeIncomplete(payload);
	const ref = readText(payload, 'ref');
	const branch = ref === readText(payload, 'project', 'default_branch') ? ref : undefined;
	// The event does not show if `ref` is a branch or a tag, so rules may match it as either.
	const names: EventNames = { project: project.path, environment, branch: ref, tag: ref, statuses: [] };
	const keyParts = buildKeyParts(project, jobId, deploymentId);
	const changedAt = readTime(payload, 'status_changed_at');
	if (status === 'running') return { kind: 'started', names, keyParts, startedAt: changedAt };
	if (!isFinal(status)) return ignoreEvent(`the deployment status ${quote(status)} is not an outcome`);
	const title = readMessage(payload, 'commit_title');
	const deployment: Deployment = {
		source: 'gitlab-ci',
		key: { parts: keyParts, hasJobId: true },
		kind: 'deployment',
		outcome: status,
		environment,
		project: project.name,
		commit: readCommit(/\/commit\/([0-9a-f]{7,64})$/.exec(readText(payload, 'commit_url') ?? '')?.[1], payload, title),
		branch,
		tag: undefined,
		pullRequest: findMergeRequest(ref, title, project),
		deployedBy: readText(payload, 'user', 'username'),
		pipeline: { url: undefined, createdAt: undefined },
		job: {
			url: readText(payload, 'deployable_url'),
			startedAt: undefined,
			finishedAt: changedAt,
			durationSeconds: undefined,
		},
		previous: undefined,
		mergeRequests: [],
		tags: ['gitlab', environment],
	};
	const isRef = ref !== undefined && branch === undefined && !ref.startsWith('refs/');
	return {
		kind: 'deployments',
		deployments: [
			{
				names,
				deployment,
				hasRun: status === 'success' ? 'yes' : 'unknown',
				note: isRef ? `Git ref: ${ref}` : undefined,
				job: buildJobReference(project, jobId),
			},
		],
	};
}

function readJobEvent(payload: unknown): ReportedEvent {
	const environment = readText(payload, 'environment', 'name');
	if (environment === undefined) return ignoreEvent('the job does not deploy: it has no environment');
	const action = readText(payload, 'environment', 'action') ?? 'start';
	if (action !== 'start') return ignoreEvent(`the job does not deploy: its environment action is ${quote(action)}`);
	const status = readText(payload, 'build_status');
	const project = readProject(payload);
	const jobId = readNumber(payload, 'build_id');
	if (project === undefined || jobId === undefined || status === undefined) return describeIncomplete(payload);
	const ref = readText(payload, 'ref');
	const isTag = readValue(payload, 'tag') === true;
	const branch = isTag || ref?.startsWith('refs/') ? undefined : ref;
	const tag = isTag ? ref : undefined;
	const names: EventNames = { project: project.path, environment, branch, tag, statuses: [] };
	const keyParts = buildKeyParts(project, jobId, undefined);
	const startedAt = readTime(payload, 'build_started_at');
	if (status === 'running') return { kind: 'started', names, keyParts, startedAt };
	if (!isFinal(status)) return ignoreEvent(`the job status ${quote(status)} is not an outcome`);
	const verdict = judgeJob({
		name: readText(payload, 'build_name') ?? '',
		status,
		failureReason: readText(payload, 'build_failure_reason'),
		startedAt,
		hasDownstreamPipeline: undefined,
	});
	const message = readMessage(payload, 'commit', 'message');
	const pipelineId = readNumber(payload, 'pipeline_id');
	const duration = readValue(payload, 'build_duration');
	const deployment: Deployment = {
		source: 'gitlab-ci',
		key: { parts: keyParts, hasJobId: true },
		kind: 'deployment',
		outcome: verdict.kind === 'ended' ? verdict.outcome : status,
		environment,
		project: project.name,
		commit: readCommit(readText(payload, 'sha'), payload, message),
		branch,
		tag,
		pullRequest: findMergeRequest(ref, message, project),
		deployedBy: readText(payload, 'user', 'username'),
		pipeline: {
			url: pipelineId === undefined ? undefined : `${project.url}/-/pipelines/${pipelineId}`,
			createdAt: undefined,
		},
		job: {
			url: `${project.url}/-/jobs/${jobId}`,
			startedAt,
			finishedAt: readTime(payload, 'build_finished_at'),
			durationSeconds: typeof duration === 'number' && duration >= 0 ? Math.round(duration) : undefined,
		},
		previous: undefined,
		mergeRequests: [],
		tags: ['gitlab', environment, ...(tag === undefined ? [] : [tag])],
	};
	const hasRun = verdict.kind === 'ended' ? 'yes' : 'no';
	const job = buildJobReference(project, jobId);
	return {
		kind: 'deployments',
		deployments: [{ names, deployment, hasRun, note: undefined, job }],
	};
}

type Project = Readonly<{ id: string; path: string; name: string; url: string; serverUrl: string }>;

// `project` is in deployment events and in job events of newer versions; older job events have only
// `repository.homepage`, which does not show the relative URL root of the instance.
function readProject(payload: unknown): Project | undefined {
	const id = readNumber(payload, 'project', 'id') ?? readNumber(payload, 'project_id');
	const url = readText(payload, 'project', 'web_url') ?? readText(payload, 'repository', 'homepage');
	if (id === undefined || url === undefined || !/^https?:\/\/[^/]+\/./.test(url) || !URL.canParse(url))
		return undefined;
	const path = readText(payload, 'project', 'path_with_namespace') ?? new URL(url).pathname.slice(1);
	if (!url.endsWith(`/${path}`)) return undefined;
	return { id, path, name: path.slice(path.lastIndexOf('/') + 1), url, serverUrl: url.slice(0, -path.length - 1) };
}

// As the hook builds it from CI_SERVER_FQDN, CI_PROJECT_ID and CI_JOB_ID. A deployment that the Deployments API made
// has no job.
function buildKeyParts({ id, serverUrl }: Project, jobId: string | undefined, deploymentId = ''): readonly string[] {
	const host = serverUrl.replace(/^https?:\/\//, '');
	return jobId === undefined ? ['gitlab', host, id, 'deployment', deploymentId] : ['gitlab', host, id, 'job', jobId];
}

function buildJobReference({ id, serverUrl }: Project, jobId: string | undefined) {
	return jobId === undefined ? undefined : { serverUrl, projectId: id, jobId };
}

function readCommit(sha: string | undefined, payload: unknown, message: string | undefined): Deployment['commit'] {
	return { sha, shortSha: sha?.slice(0, 8) ?? readText(payload, 'short_sha'), message };
}

function findMergeRequest(
	ref: string | undefined,
	message: string | undefined,
	project: Project,
): PullRequest | undefined {
	const { path, url } = project;
	const number = findMergeRequestNumberInRef(ref) ?? findMergeRequestNumber(message ?? '', { path, url });
	return number === undefined ? undefined : { number, url: `${url}/-/merge_requests/${number}` };
}

function isFinal(status: string): status is Exclude<Outcome, 'timedout'> {
	return status === 'success' || status === 'failed' || status === 'canceled';
}

function describeIncomplete(payload: unknown): ReportedEvent {
	const kind = readText(payload, 'object_kind');
	return rejectEvent(
		`the GitLab event ${quote(kind)} lacks its project, status, environment or id; remove a custom template of the webhook`,
	);
}
