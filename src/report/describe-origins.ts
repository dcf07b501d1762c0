import type { Change, ChangeField } from '../change/change-schema.ts';
import type { Overrides } from '../change/deployment.ts';

/** The facts of a deployment that sources other than the variables of the job reported. */
export type Origins = Readonly<{
	/** The facts that GitLab's API reported. */
	fromApi: ReadonlySet<string>;
	isMessageFromGit: boolean;
}>;

type Facts = Readonly<Partial<Record<ChangeField, readonly string[]>>>;

// A looked-up fact replaces these fields, and becomes a part of those.
const replacedFields: Facts = {
	change_type: ['previous'],
	commit_message: ['message'],
	pr_number: ['message', 'mergeRequests'],
	pr_url: ['message', 'mergeRequests'],
	changed_by: ['job'],
};
const extendedFields: Facts = {
	summary: ['job', 'previous'],
	description: ['job', 'previous', 'mergeRequests'],
	risk_level: ['job'],
	external_id: ['job'],
	tags: ['job'],
};

/** Returns one line for each field of a change: the setting, API, program or variables that it comes from. */
export function describeOrigins(change: Change, overrides: Overrides, origins: Origins): string[] {
	return (Object.keys(change) as ChangeField[]).map((field) => {
		const isGiven = field === 'service_id' || overrides.fields[field as keyof Overrides['fields']] !== undefined;
		// A description set by hand precedes the facts.
		if (isGiven && field !== 'description') return `${field}: from setting`;
		const settings = (field === 'tags' && overrides.tags.length > 0) || isGiven ? ['setting'] : [];
		return `${field}: from ${[...settings, ...findSources(field, origins)].join(', ')}`;
	});
}

function findSources(field: ChangeField, { fromApi, isMessageFromGit }: Origins): string[] {
	const hasFact = (fields: Facts) => fields[field]?.some((fact) => fromApi.has(fact)) ?? false;
	if (hasFact(replacedFields)) return ['GitLab API'];
	if (isMessageFromGit && replacedFields[field]?.includes('message')) return ['git'];
	return hasFact(extendedFields) ? ['variables of the job', 'GitLab API'] : ['variables of the job'];
}
