import type { CiRun } from '../ci/ci-run.ts';
import type { Outcome } from '../outcome.ts';
import type { Settings } from '../settings/settings.ts';
import type { Change } from './change-schema.ts';
import { buildDescription, buildSummary } from './describe-deployment.ts';
import { buildExternalId } from './external-id.ts';
import { fitField, fitTag } from './fit-field.ts';

/** What a change is built from. `environment` is the one to record: from the settings, else from the CI. */
export type Deployment = Readonly<{ run: CiRun; settings: Settings; outcome: Outcome; environment: string }>;

/**
 * Builds the change of one deployment for one service, or for the organization. The same deployment always gives the same change. What
 * is not known stays absent; what the CI says is made to fit, what the user set is left as it is.
 */
export function buildChange(deployment: Deployment, serviceId: string | undefined): Change {
	const { run, settings, outcome, environment } = deployment;
	const { fields } = settings;
	const changeType = fields.change_type ?? 'deployment';
	return dropAbsent({
		summary: fields.summary ?? fitField('summary', buildSummary(run, outcome, changeType)),
		service_id: serviceId,
		change_type: changeType,
		description: fitField('description', buildDescription(deployment)),
		source: fields.source ?? run.source,
		commit_sha: fitField('commit_sha', run.commitSha),
		commit_message: fitField('commit_message', run.commitMessage),
		branch: fitField('branch', run.branch),
		pr_number: fitField('pr_number', run.pullRequest?.number),
		pr_url: fitField('pr_url', run.pullRequest?.url),
		pipeline_url: fitField('pipeline_url', run.pipelineUrl),
		environment: settings.environment ?? fitField('environment', environment),
		risk_level: fields.risk_level ?? (outcome === 'success' ? undefined : 'high'),
		changed_by: fields.changed_by ?? fitField('changed_by', run.triggeredBy),
		external_id: buildExternalId(deployment, serviceId),
		tags: buildTags(deployment),
	});
}

function buildTags({ run, settings, outcome, environment }: Deployment): string[] {
	// As in Alert24's own examples: the environment for GitLab, the branch or tag for Bitbucket.
	const derived = run.ci === 'gitlab' ? ['gitlab', environment, run.tag] : ['bitbucket', run.branch ?? run.tag];
	if (outcome !== 'success') derived.push(outcome);
	return [...new Set([...derived.map(fitTag).filter((tag) => tag !== undefined), ...settings.tags])];
}

// `summary` and `environment` are never absent: their texts are never blank.
function dropAbsent(fields: { [Field in keyof Change]: Change[Field] | undefined }): Change {
	return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Change;
}
