import { trimBlanks } from '../text/trim-text.ts';
import type { Change } from './change-schema.ts';
import type { Deployment, Outcome, Overrides } from './deployment.ts';
import { fitField } from './fit-field.ts';

/**
 * The beginning of a summary for each outcome, in the words of Alert24's own examples. The hook is built from the same
 * words.
 */
export const summaryVerbs: Readonly<Record<'deployment' | 'rollback', Readonly<Record<Outcome, string>>>> = {
	deployment: {
		success: 'Deployed',
		failed: 'Failed to deploy',
		canceled: 'Canceled deployment of',
		timedout: 'Timed out deploying',
	},
	rollback: {
		success: 'Rolled back',
		failed: 'Failed to roll back',
		canceled: 'Canceled rollback of',
		timedout: 'Timed out rolling back',
	},
};

/** The prefix of a summary set by hand for each outcome, so that a failure never reads as a success. */
export const summaryPrefixes: Readonly<Record<Outcome, string>> = {
	success: '',
	failed: 'Failed: ',
	canceled: 'Canceled: ',
	timedout: 'Timed out: ',
};

export const rollbackPrefix = 'Rolled back: ';

/**
 * Returns the change in one line: `Deployed shop @ 1a2b3c4d`, or the summary set by hand with a prefix for another
 * outcome.
 */
export function buildSummary(deployment: Deployment, overrides: Overrides, changeType: Change['change_type']): string {
	const { outcome } = deployment;
	const isRollback = changeType === 'rollback';
	const { summary: given } = overrides.fields;
	if (given === undefined) return fitField('summary', deriveSummary(deployment, overrides, isRollback)) ?? '';
	const prefix = outcome === 'success' && isRollback ? rollbackPrefix : summaryPrefixes[outcome];
	// A summary without a prefix is sent as it is, so that one that is too long is rejected and not truncated.
	return prefix === '' ? given : (fitField('summary', prefix + given) ?? given);
}

function deriveSummary(deployment: Deployment, { name }: Overrides, isRollback: boolean): string {
	const { kind, outcome, commit, tag } = deployment;
	const verb = kind === 'push' ? 'Pushed' : summaryVerbs[isRollback ? 'rollback' : 'deployment'][outcome];
	const subject = name ?? deployment.project ?? 'the project';
	const { shortSha } = commit;
	if (isRollback) {
		const target = [tag, shortSha].filter((text) => text !== undefined).join(' @ ');
		return `${verb} ${subject}${target === '' ? '' : ` to ${target}`}`;
	}
	return `${verb} ${subject}${tag === undefined ? '' : ` ${tag}`}${shortSha === undefined ? '' : ` @ ${shortSha}`}`;
}

/**
 * Returns the user's text, then, one per line, the facts that have no field in Alert24's API. The time of sending is
 * not among them: the same deployment results in the same description. Undefined if there is nothing to describe.
 */
export function buildDescription(deployment: Deployment, { fields }: Overrides): string | undefined {
	const { job, kind, pipeline, previous, mergeRequests, tag } = deployment;
	const duration = job?.durationSeconds;
	const lines = [
		fields.description,
		describeFact('Git tag', tag),
		describeFact('Job', fitField('pipeline_url', job?.url)),
		describeFact('Pipeline created', pipeline.createdAt),
		describeFact('Started', job?.startedAt),
		describeFact('Finished', job?.finishedAt),
		describeFact('Duration', duration === undefined ? undefined : `${Math.round(duration)} s`),
		describeFact('Previous commit', previous && describePrevious(previous)),
		describeFact('Compare', fitField('pipeline_url', previous?.compareUrl)),
		kind === 'redeployment' ? 'Re-deployment of the same commit' : undefined,
		kind === 'first-deployment' ? 'First deployment to this environment' : undefined,
		describeFact('Merge requests', mergeRequests.length > 0 ? mergeRequests.join(', ') : undefined),
	].filter((line) => line !== undefined);
	return lines.length > 0 ? lines.join('\n') : undefined;
}

function describePrevious({ sha, deployedAt }: NonNullable<Deployment['previous']>): string {
	return deployedAt === undefined ? sha : `${sha} (deployed ${deployedAt})`;
}

function describeFact(name: string, value: string | undefined): string | undefined {
	return value === undefined || trimBlanks(value) === '' ? undefined : `${name}: ${value}`;
}
