import type { Change } from './change-schema.ts';
import type { Deployment, Overrides } from './deployment.ts';
import { buildDescription, buildSummary } from './describe-deployment.ts';
import { buildExternalId } from './external-id.ts';
import { fitField, fitTag } from './fit-field.ts';

const changeTypes: Readonly<Record<Deployment['kind'], Change['change_type']>> = {
	deployment: 'deployment',
	'first-deployment': 'deployment',
	redeployment: 'deployment',
	rollback: 'rollback',
	push: 'code',
};

/**
 * Builds the change of one deployment for one service, or for the organization if the service is undefined. The same
 * deployment always results in the same change. Unknown facts stay absent. Texts of the source are truncated to their
 * field, values of the user are not.
 */
export function buildChange(deployment: Deployment, overrides: Overrides, serviceId: string | undefined): Change {
	const { commit, outcome, pullRequest } = deployment;
	const { fields } = overrides;
	const changeType = fields.change_type ?? changeTypes[deployment.kind];
	return dropAbsent({
		summary: buildSummary(deployment, overrides, changeType),
		service_id: serviceId,
		change_type: changeType,
		description: fitField('description', buildDescription(deployment, overrides)),
		source: fields.source ?? deployment.source,
		commit_sha: fitField('commit_sha', commit.sha),
		commit_message: fitField('commit_message', commit.message),
		branch: fitField('branch', deployment.branch),
		pr_number: fitField('pr_number', pullRequest?.number),
		pr_url: fitField('pr_url', pullRequest?.url),
		pipeline_url: fitField('pipeline_url', deployment.pipeline.url),
		environment: fields.environment ?? fitField('environment', deployment.environment),
		risk_level: fields.risk_level ?? (outcome === 'success' ? undefined : 'high'),
		changed_by: fields.changed_by ?? fitField('changed_by', deployment.deployedBy),
		external_id: buildExternalId(deployment, overrides, serviceId),
		tags: buildTags(deployment, overrides),
	});
}

function buildTags({ tags, outcome }: Deployment, overrides: Overrides): string[] {
	const derived = outcome === 'success' ? tags : [...tags, outcome];
	return [...new Set([...derived.map(fitTag).filter((tag) => tag !== undefined), ...overrides.tags])];
}

// `summary` and `environment` are never absent: their texts are never blank.
function dropAbsent(fields: { [Field in keyof Change]: Change[Field] | undefined }): Change {
	return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Change;
}
