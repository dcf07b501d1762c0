import type { Deployment, Overrides } from './deployment.ts';

/**
 * Returns the id of this deployment in plain ASCII: the same for every attempt to send it, another for the next
 * deployment, even of the same commit. Undefined if the CI does not report its ids.
 *
 * Two different changes of one job get different ids: a change type or a summary set by hand is part of the id. `=`
 * never occurs in a part, so that no two ids meet.
 */
export function buildExternalId(
	deployment: Deployment,
	{ fields }: Overrides,
	serviceId: string | undefined,
): string | undefined {
	if (fields.external_id !== undefined) return fields.external_id;
	const { key, outcome, environment } = deployment;
	if (key === undefined) return undefined;
	const parts = [...key.parts];
	if (!key.hasJobId) parts.push(outcome);
	parts.push(fields.environment ?? environment);
	if (serviceId !== undefined) parts.push(serviceId);
	const id = parts.map(encodePart);
	const { change_type: changeType, summary } = fields;
	if (changeType !== undefined && changeType !== 'deployment' && changeType !== 'rollback')
		id.push(`type=${changeType}`);
	if (summary !== undefined) id.push(`summary=${hashText(summary)}`);
	return id.join(':');
}

/** Returns an external id set by hand for one of several services. */
export function extendExternalId(given: string, serviceId: string): string {
	return `${given}:${encodePart(serviceId)}`;
}

/**
 * Returns an external id without the change type and the summary that were set by hand. Sources other than the deploy
 * job compare these ids, because they do not see its settings.
 */
export function removeSuffixes(externalId: string): string {
	return externalId.replace(/(?::type=[a-z_]+)?(?::summary=[0-9a-f]{8})?$/, '');
}

/** Returns true if two external ids are of the same deployment, whatever change type and summary were set by hand. */
export function isSameDeployment(externalId: string, other: string): boolean {
	return removeSuffixes(externalId) === removeSuffixes(other);
}

function encodePart(part: string): string {
	return part.replace(/[^A-Za-z0-9._~/-]/gu, (character) =>
		[...Buffer.from(character)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
	);
}

/**
 * Returns 8 hexadecimal digits for the UTF-8 bytes of a text. awk can compute the same, because no step exceeds 2^53.
 */
export function hashText(text: string): string {
	let hash = 0;
	for (const byte of Buffer.from(text)) hash = (hash * 257 + byte) % 4_294_967_291;
	return hash.toString(16).padStart(8, '0');
}
