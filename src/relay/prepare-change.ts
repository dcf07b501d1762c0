import { buildChange } from '../change/build-change.ts';
import type { Change } from '../change/change-schema.ts';
import type { Deployment } from '../change/deployment.ts';
import type { SqlClaim, SqlOutbox } from '../outbox/sql-outbox.ts';
import type { PlannedFacts } from './plan-event.ts';
import { buildStartId } from './receive-event.ts';
import type { Preparation } from './relay-worker.ts';
import type { GitlabJobReference } from './reported-event.ts';

/** The facts about a job in GitLab's API. */
type GitlabJobFacts = Readonly<{
	/** False if the job never ran, or does not exist any more. */
	hasRun: boolean;
	complete(deployment: Deployment): Deployment;
}>;

/** Reads a job from GitLab's API. Resolves to undefined, and logs the reason, if GitLab does not respond. */
export type ReadGitlabJob = (job: GitlabJobReference) => Promise<GitlabJobFacts | undefined>;

/**
 * Returns a function that completes a stored change: with the start of the deployment that another event reported, and
 * with the job in GitLab's API if there is a token for it. A failed or canceled deployment counts only if one of them
 * shows that it ran.
 */
export function buildPrepare(outbox: SqlOutbox, readJob: ReadGitlabJob | undefined) {
	return async ({ change, waitsFor }: SqlClaim, known: PlannedFacts): Promise<Preparation> => {
		const { deployment, serviceId, job } = known;
		const start = await outbox.findStart(buildStartId(deployment.key?.parts ?? []));
		const facts = job === undefined ? undefined : await readJob?.(job);
		if (waitsFor !== undefined && start === undefined && facts?.hasRun !== true) {
			const reason = `the ${deployment.outcome} deployment never started`;
			return { kind: 'never started', reason };
		}
		const started = addStart(deployment, start?.startedAt);
		const { overrides } = known;
		const complete = facts === undefined ? started : facts.complete(started);
		if (complete === deployment) return { kind: 'change', change };
		return { kind: 'change', change: keepIdentity(buildChange(complete, overrides, serviceId), change) };
	};
}

function addStart(deployment: Deployment, startedAt: string | undefined): Deployment {
	const { job } = deployment;
	if (job === undefined || job.startedAt !== undefined || startedAt === undefined) return deployment;
	const durationMs = Date.parse(job.finishedAt ?? '') - Date.parse(startedAt);
	const durationSeconds = durationMs >= 0 ? Math.round(durationMs / 1000) : undefined;
	return { ...deployment, job: { ...job, startedAt, durationSeconds: job.durationSeconds ?? durationSeconds } };
}

// The lookup before each attempt searches for this id.
function keepIdentity(complete: Change, { external_id: externalId }: Change): Change {
	return externalId === undefined ? complete : { ...complete, external_id: externalId };
}
