const fields: Readonly<Record<string, 'text' | 'texts' | readonly string[]>> = {
	summary: 'text',
	service_id: 'text',
	change_type: [
		'deployment',
		'config_change',
		'infrastructure',
		'code',
		'database_migration',
		'feature_flag',
		'rollback',
		'scaling',
		'security_patch',
		'other',
	],
	description: 'text',
	source: 'text',
	commit_sha: 'text',
	commit_message: 'text',
	branch: 'text',
	pr_number: 'text',
	pr_url: 'text',
	pipeline_url: 'text',
	environment: 'text',
	risk_level: ['low', 'medium', 'high', 'critical'],
	changed_by: 'text',
	external_id: 'text',
	tags: 'texts',
};

/** A change as a client sends it: the fields of https://alert24.net/docs/api-changes and no others. */
export type SentChange = { readonly summary: string; readonly [field: string]: string | readonly string[] };

/**
 * Reads the body of a POST, or says why Alert24 refuses it. What the documentation leaves open (fields it does not
 * name, empty texts, broken UTF-8) is refused too, so that a client that relies on it is caught.
 */
export function readSentChange(body: Uint8Array): { change: SentChange } | { problem: string } {
	let change: unknown;
	try {
		change = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
	} catch {
		return { problem: 'body must be valid JSON in UTF-8' };
	}
	if (!isObject(change)) return { problem: 'body must be a JSON object' };
	const problem = findProblem(change);
	return problem === undefined ? { change: change as SentChange } : { problem };
}

function findProblem(change: Readonly<Record<string, unknown>>): string | undefined {
	if (change.summary === undefined || change.summary === '') return 'summary is required';
	for (const [name, value] of Object.entries(change)) {
		const rule = Object.hasOwn(fields, name) ? fields[name] : undefined;
		if (rule === undefined) return `${name} is not a field of a change`;
		if (rule === 'texts') {
			if (!Array.isArray(value) || !value.every(isText)) return `${name} must be an array of strings`;
		} else if (!isText(value)) {
			return `${name} must be a string that is not empty`;
		} else if (rule !== 'text' && !rule.includes(value)) {
			return `${name} must be one of: ${rule.join(', ')}`;
		}
	}
	return undefined;
}

function isText(value: unknown): value is string {
	return typeof value === 'string' && value !== '';
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}
