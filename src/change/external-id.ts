import type { Deployment } from './build-change.ts';

/**
 * What names this attempt at a deployment, for ever: the same on every attempt to send it, another for the next deployment, even of the
 * same commit. A deploy job is named by its own id, new with each retry and roll-back. A separate job knows only the pipeline and the
 * deploy job's name; there the outcome is part of the name, because a deployment that failed and its retry are two.
 * Undefined where the CI does not tell its ids.
 */
export function buildExternalId(deployment: Deployment, serviceId: string | undefined): string | undefined {
	const { run, settings, outcome, environment } = deployment;
	const { external_id: given } = settings.fields;
	if (given !== undefined) return settings.serviceIds.length > 1 ? `${given}:${serviceId}` : given;
	const key = settings.deployJob === undefined ? run.jobKey : run.pipelineKey;
	if (key === undefined) return undefined;
	const parts = [...key];
	if (settings.deployJob !== undefined) parts.push(settings.deployJob);
	if (settings.deployJob !== undefined && outcome !== 'success') parts.push(outcome);
	parts.push(environment);
	if (serviceId !== undefined) parts.push(serviceId);
	return parts.map(escapePart).join(':');
}

function escapePart(part: string): string {
	return part.replaceAll('%', '%25').replaceAll(':', '%3A');
}
