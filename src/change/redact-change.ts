import type { Redactor } from '../redact.ts';
import type { Change } from './change-schema.ts';

/** Takes keys and tokens out of every text of a change: it is read by people, and may be kept as an artifact. */
export function redactChange(change: Change, redactor: Redactor): Change {
	const redacted = Object.entries(change).map(([field, value]) => [
		field,
		typeof value === 'string'
			? redactor.redactKeys(value)
			: [...new Set(value.map((item) => redactor.redactKeys(item)))],
	]);
	return Object.fromEntries(redacted) as Change;
}
