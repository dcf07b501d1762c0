import type { Change, ChangeField } from '../change/change-schema.ts';
import type { Settings } from '../settings/settings.ts';

/** The facts of a deployment that sources other than the variables of the job reported. */
export type Origins = Readonly<{
	/** The facts that GitLab's API reported. */
	fromApi: ReadonlySet<string>;
	isMessageFromGit: boolean;
	/** True: the variables of the job name the merge request, whatever the commit message names. */
	isMergeRequestPipeline: boolean;
}>;

type Facts = Readonly<Partial<Record<ChangeField, readonly string[]>>>;

// A looked-up fact replaces these fields, and becomes a part of those.
const replacedFields: Facts = {
	change_type: ['previous'],
	commit_message: ['message'],
	pr_number: ['message', 'mergeRequests'],
	pr_url: ['message', 'mergeRequests'],
	changed_by: ['job'],
	risk_level: ['job'],
};
const extendedFields: Facts = {
	summary: ['job', 'previous'],
	description: ['job', 'previous', 'mergeRequests'],
	external_id: ['job'],
	tags: ['job'],
};
const outcomeFields: readonly ChangeField[] = ['summary', 'risk_level', 'tags'];
const mergeRequestFields: readonly ChangeField[] = ['pr_number', 'pr_url'];

/** Returns one line for each field of a change: the setting, API, program or variables that it comes from. */
export function describeOrigins(
	change: Change,
	settings: Pick<Settings, 'overrides' | 'status' | 'assumedStatus'>,
	origins: Origins,
): string[] {
	const { overrides, status, assumedStatus } = settings;
	const isOutcomeGiven = status !== undefined || (assumedStatus !== undefined && !origins.fromApi.has('job'));
	return (Object.keys(change) as ChangeField[]).map((field) => {
		const isGiven = field === 'service_id' || overrides.fields[field as keyof typeof overrides.fields] !== undefined;
		const hasGivenOutcome = isOutcomeGiven && outcomeFields.includes(field);
		// A description set by hand precedes the facts.
		if ((isGiven && field !== 'description') || (hasGivenOutcome && field === 'risk_level')) {
			return `${field}: from setting`;
		}
		const isNamed = field === 'summary' && overrides.name !== undefined;
		const hasSetting = isGiven || isNamed || hasGivenOutcome || (field === 'tags' && overrides.tags.length > 0);
		const sources = findSources(field, origins, hasGivenOutcome);
		return `${field}: from ${[...(hasSetting ? ['setting'] : []), ...sources].join(', ')}`;
	});
}

function findSources(field: ChangeField, origins: Origins, hasGivenOutcome: boolean): string[] {
	const { fromApi, isMessageFromGit, isMergeRequestPipeline } = origins;
	if (isMergeRequestPipeline && mergeRequestFields.includes(field)) return ['variables of the job'];
	const hasFact = (fields: Facts) =>
		fields[field]?.some((fact) => fromApi.has(fact) && !(hasGivenOutcome && fact === 'job')) ?? false;
	if (hasFact(replacedFields)) return ['GitLab API'];
	if (isMessageFromGit && replacedFields[field]?.includes('message')) return ['git'];
	return hasFact(extendedFields) ? ['variables of the job', 'GitLab API'] : ['variables of the job'];
}
