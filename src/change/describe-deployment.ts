import type { CiRun } from '../ci/ci-run.ts';
import type { Outcome } from '../outcome.ts';
import { trimBlanks } from '../text/trim-text.ts';
import type { Deployment } from './build-change.ts';
import type { Change } from './change-schema.ts';
import { fitField } from './fit-field.ts';

const deploymentVerbs: Readonly<Record<Outcome, string>> = {
	success: 'Deployed',
	failed: 'Failed to deploy',
	canceled: 'Canceled deployment of',
	timedout: 'Timed out deploying',
};

const rollbackVerbs: Readonly<Record<Outcome, string>> = {
	success: 'Rolled back',
	failed: 'Failed to roll back',
	canceled: 'Canceled rollback of',
	timedout: 'Timed out rolling back',
};

/** The change in one line, in the words of Alert24's own examples: `Deployed shop @ 1a2b3c4d`. */
export function buildSummary(run: CiRun, outcome: Outcome, changeType: Change['change_type']): string {
	const verbs = changeType === 'rollback' ? rollbackVerbs : deploymentVerbs;
	const commit = run.commitShortSha === undefined ? '' : ` @ ${run.commitShortSha}`;
	return `${verbs[outcome]} ${run.project ?? 'the project'}${commit}`;
}

/**
 * The user's text, then, one a line, what the API has no field for. Never the time of sending: the same deployment gives the same change.
 * Job and start are those of the deploy job, so a separate job, which knows only its own, leaves them out.
 */
export function buildDescription({ run, settings }: Deployment): string | undefined {
	const isDeployJob = settings.deployJob === undefined;
	const lines = [
		settings.fields.description,
		describeFact('Git tag', run.tag),
		isDeployJob ? describeFact('Job', fitField('pipeline_url', run.job.url)) : undefined,
		isDeployJob ? describeFact('Started', run.job.startedAt) : undefined,
	].filter((line) => line !== undefined);
	return lines.length > 0 ? lines.join('\n') : undefined;
}

function describeFact(name: string, value: string | undefined): string | undefined {
	return value === undefined || trimBlanks(value) === '' ? undefined : `${name}: ${value}`;
}
