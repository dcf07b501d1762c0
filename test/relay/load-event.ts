import { readFileSync } from 'node:fs';

/** Returns the payload of a file in the folder events. */
export function loadEvent(name: string): Record<string, unknown> {
	const content = JSON.parse(readFileSync(new URL(`events/${name}.json`, import.meta.url), 'utf8')) as {
		payload: Record<string, unknown>;
	};
	return content.payload;
}

/** Returns a GitLab deployment event of another job. */
export function buildDeploymentEvent(jobId: number, changes: Record<string, unknown> = {}): Record<string, unknown> {
	return { ...loadEvent('gitlab-deployment-success'), deployment_id: jobId, deployable_id: jobId, ...changes };
}
