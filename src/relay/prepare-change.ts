import { buildChange } from '../change/build-change.ts';
import type { Change } from '../change/change-schema.ts';
import type { Deployment } from '../change/deployment.ts';
import type { Log } from '../log/log.ts';
import type { SqlClaim, SqlOutbox } from '../outbox/sql-outbox.ts';
import type { PlannedFacts } from './plan-event.ts';
import { buildStartId } from './receive-event.ts';
import type { Preparation } from './relay-worker.ts';
import type { GitlabJobReference } from './reported-event.ts';

/** The answer of GitLab's API to the lookup of a job. */
type GitlabJobAnswer = Readonly<{
	/** False if the job never ran, or does not exist any more. Undefined: a later answer may show it. */
	hasRun: boolean | undefined;
	/** The reason for an answer without the job. */
	failure: string | undefined;
	complete(deployment: Deployment): Deployment;
}>;

/** Reads a job from GitLab's API. Resolves to undefined if it must not be requested there. */
export type ReadGitlabJob = (job: GitlabJobReference) => Promise<GitlabJobAnswer | undefined>;

/**
 * Returns a function that completes a stored change: with the start of the deployment that another event reported, and
 * with the job in GitLab's API if there is a token for it. A failed or canceled deployment counts only if one of them
 * shows that it ran; as long as GitLab does not answer, it is undecided.
 */
export function buildPrepare(outbox: SqlOutbox, readJob: ReadGitlabJob | undefined, log: Log) {
	return async ({ change, waitsFor }: SqlClaim, known: PlannedFacts): Promise<Preparation> => {
		const { deployment, serviceId, job } = known;
		const start = await outbox.findStart(buildStartId(deployment.key?.parts ?? []));
		const answer = job === undefined ? undefined : await readJob?.(job);
		if (waitsFor !== undefined && start === undefined && answer?.hasRun !== true) {
			if (answer !== undefined && answer.hasRun === undefined)
				return { kind: 'undecided', reason: answer.failure ?? 'its job has not ended in GitLab' };
			return { kind: 'never started', reason: `the ${deployment.outcome} deployment never started` };
		}
		if (answer?.failure !== undefined) log.notice(`${answer.failure}; the change is recorded without its facts`);
		const started = addStart(deployment, start?.startedAt);
		const { overrides } = known;
		const complete = answer === undefined ? started : answer.complete(started);
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
