import type { RecordedChange } from '../alert24/list-recorded-changes.ts';
import type { Deployment, DeploymentKey, Outcome, Overrides } from '../change/deployment.ts';
import { buildExternalId, isSameDeployment } from '../change/external-id.ts';
import { findGroupName } from './find-deploy-job.ts';
import type { GitlabProject } from './list-deployments.ts';
import type { GitlabDeployment } from './payloads.ts';

/** A deployment of GitLab's list that ended and is to be recorded for a service, or for the organization. */
export type ExpectedRecord = Readonly<{
	listed: GitlabDeployment;
	deployment: Deployment;
	serviceId: string | undefined;
}>;

// The clocks of GitLab and Alert24 differ.
const clockToleranceMs = 60_000;

/**
 * Returns the expected records that Alert24 does not have. A record counts whichever source made it: hook, relay and
 * sync use the id of the deploy job; a notify job without lookups uses the pipeline, the name of the job and the
 * outcome.
 */
export function findMissing(
	expected: readonly ExpectedRecord[],
	recorded: readonly RecordedChange[],
	project: GitlabProject,
	overrides: Overrides,
): readonly ExpectedRecord[] {
	const isRecorded = (record: ExpectedRecord): boolean => {
		const id = buildId(record, record.deployment.key, record.deployment.outcome, overrides);
		if (recorded.some(({ externalId }) => matches(externalId, id, record))) return true;
		const pipelineIds = buildPipelineIds(record, project, overrides);
		return recorded.some(
			(change) =>
				pipelineIds.some((pipelineId) => matches(change.externalId, pipelineId, record)) &&
				isNewestAttempt(record, change, expected),
		);
	};
	return expected.filter((record) => !isRecorded(record));
}

function buildId(
	{ deployment, serviceId }: ExpectedRecord,
	key: DeploymentKey | undefined,
	outcome: Outcome,
	overrides: Overrides,
): string {
	return buildExternalId({ ...deployment, key, outcome }, overrides, serviceId) ?? '';
}

function buildPipelineIds(record: ExpectedRecord, project: GitlabProject, overrides: Overrides): readonly string[] {
	const { job } = record.listed;
	const { outcome } = record.deployment;
	if (job?.pipeline.id === undefined) return [];
	const { id: pipelineId } = job.pipeline;
	// Without a lookup notify cannot distinguish a timeout from another failure.
	const outcomes: readonly Outcome[] = outcome === 'timedout' ? ['timedout', 'failed'] : [outcome];
	return [...new Set([job.name, findGroupName(job.name)])].flatMap((name) => {
		const parts = ['gitlab', project.host, project.id, 'pipeline', pipelineId, name];
		return outcomes.map((one) => buildId(record, { parts, hasJobId: false }, one, overrides));
	});
}

function matches(recordedId: string, id: string, { serviceId }: ExpectedRecord): boolean {
	if (isSameDeployment(recordedId, id)) return true;
	// A record for any service counts if no service is set for the job.
	return serviceId === undefined && recordedId.startsWith(`${id}:`);
}

// Retries and rollbacks run in the same pipeline. A record is about the newest attempt that started before it.
function isNewestAttempt(
	{ listed, deployment }: ExpectedRecord,
	{ createdAtMs = Number.POSITIVE_INFINITY }: RecordedChange,
	expected: readonly ExpectedRecord[],
): boolean {
	if (startOf(listed) > createdAtMs + clockToleranceMs) return false;
	return !expected.some(
		(other) =>
			other.listed.id > listed.id &&
			other.listed.job?.name === listed.job?.name &&
			other.listed.job?.pipeline.id === listed.job?.pipeline.id &&
			other.listed.environment === listed.environment &&
			other.deployment.outcome === deployment.outcome &&
			startOf(other.listed) <= createdAtMs,
	);
}

function startOf({ job, createdAt }: GitlabDeployment): number {
	const startMs = Date.parse(job?.startedAt ?? createdAt ?? '');
	return Number.isNaN(startMs) ? Number.NEGATIVE_INFINITY : startMs;
}
