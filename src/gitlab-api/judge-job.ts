import type { Outcome } from '../change/deployment.ts';
import { quote } from '../text/visible-text.ts';
import type { GitlabJob } from './payloads.ts';

/** The end of a job: an outcome; no start, so that nothing was deployed; or no end that is known. */
export type JobVerdict =
	| Readonly<{ kind: 'ended'; outcome: Outcome }>
	| Readonly<{ kind: 'not started'; reason: string }>
	| Readonly<{ kind: 'unfinished'; reason: string }>;

// lib/../enums/ci/commit_status.rb: GitLab or its runner stopped the job because its time was over.
const timeouts: readonly (string | undefined)[] = [
	'job_execution_timeout',
	'job_execution_server_timeout',
	'server_timeout_running',
	'server_timeout_canceling',
];

// GitLab dropped the job before a runner took it, in words that fit after 'because'.
const dropReasons: Readonly<Record<string, string>> = {
	failed_outdated_deployment_job: 'a newer deployment exists',
	forward_deployment_failure: 'a newer deployment exists',
	deployment_rejected: 'the deployment was rejected',
	protected_environment_failure: 'the environment is protected and the user may not deploy to it',
	user_blocked: 'the user is blocked',
	no_matching_runner: 'no runner matches the job',
	stuck_or_timeout_failure: 'the job was stuck',
	stuck_pending_with_matching_runners: 'the job was stuck',
	stuck_pending_no_matching_runners: 'no runner matches the job',
	ci_quota_exceeded: 'no compute minutes are left',
};

// With one of these reasons a job did not run its script, whatever its times.
const rejections: readonly (string | undefined)[] = [
	'failed_outdated_deployment_job',
	'forward_deployment_failure',
	'deployment_rejected',
	'protected_environment_failure',
];

/** The facts of a job, of GitLab's API or of a job event, that decide about its end. */
export type JudgedJob = Pick<GitlabJob, 'name' | 'status' | 'failureReason' | 'startedAt' | 'hasDownstreamPipeline'>;

/** Judges a job by its status, its failure reason and its start (docs.gitlab.com/api/jobs). */
export function judgeJob(job: JudgedJob): JobVerdict {
	const { status, failureReason } = job;
	const hasStarted = isTriggerJob(job) ? job.hasDownstreamPipeline : job.startedAt !== undefined;
	switch (status) {
		case 'success':
			return { kind: 'ended', outcome: 'success' };
		case 'failed':
			if (!hasStarted || rejections.includes(failureReason)) return { kind: 'not started', reason: describeDrop(job) };
			return { kind: 'ended', outcome: timeouts.includes(failureReason) ? 'timedout' : 'failed' };
		case 'canceled':
		case 'canceling':
			if (!hasStarted)
				return { kind: 'not started', reason: `the job ${quote(job.name)} was canceled before it started` };
			return { kind: 'ended', outcome: 'canceled' };
		case 'skipped':
		case 'manual':
			return { kind: 'not started', reason: `the job ${quote(job.name)} did not run (status ${status})` };
		default:
			return { kind: 'unfinished', reason: `the job ${quote(job.name)} has the status ${quote(status)}` };
	}
}

const severity: readonly Outcome[] = ['success', 'canceled', 'timedout', 'failed'];

/**
 * Judges the instances of a job together (`parallel`, `parallel:matrix`): failed if one failed. An instance that GitLab
 * dropped counts as failed if another instance started. Instances that wait for a manual start do not count.
 */
export function judgeInstances(instances: readonly GitlabJob[]): JobVerdict {
	const verdicts = instances.map(judgeJob);
	const [notStarted] = verdicts.filter((verdict) => verdict.kind === 'not started');
	if (notStarted !== undefined && verdicts.every(({ kind }) => kind === 'not started')) return notStarted;
	const unfinished = verdicts.find(({ kind }) => kind === 'unfinished');
	if (unfinished !== undefined) return unfinished;
	const outcomes = instances.map((job, index): Outcome => {
		const verdict = verdicts[index];
		if (verdict?.kind === 'ended') return verdict.outcome;
		if (job.status === 'failed') return 'failed';
		return job.status.startsWith('cancel') ? 'canceled' : 'success';
	});
	return { kind: 'ended', outcome: severity.findLast((outcome) => outcomes.includes(outcome)) ?? 'success' };
}

function isTriggerJob({ hasDownstreamPipeline }: JudgedJob): boolean {
	return hasDownstreamPipeline !== undefined;
}

function describeDrop({ name, failureReason }: JudgedJob): string {
	if (failureReason === undefined) return `the job ${quote(name)} did not start`;
	const words = dropReasons[failureReason];
	return `the job ${quote(name)} did not start${words === undefined ? '' : `, because ${words}`} (${failureReason})`;
}
