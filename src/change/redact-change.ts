import type { Redactor } from '../text/redact.ts';
import { cutText } from '../text/truncate.ts';
import { type Change, changeSchema } from './change-schema.ts';

/**
 * Takes keys and tokens out of every text of a change: it is read by people, and may be kept as an artifact. What is longer than its field
 * for that is cut.
 */
export function redactChange(change: Change, redactor: Redactor): Change {
	const redacted = Object.entries(change).map(([field, value]) => [
		field,
		typeof value === 'string'
			? redactText(value, findLimit(field as keyof Change), redactor)
			: [...new Set(value.map((item) => redactText(item, changeSchema.properties.tags.items.maxLength, redactor)))],
	]);
	return Object.fromEntries(redacted) as Change;
}

// A text without secrets stays as it is, so that one that was too long before is refused rather than cut.
function redactText(text: string, limit: number, redactor: Redactor): string {
	const redacted = redactor.redactKeys(text);
	return redacted === text ? text : cutText(redacted, limit);
}

function findLimit(field: keyof Change): number {
	const property = changeSchema.properties[field];
	return 'maxLength' in property ? property.maxLength : Number.POSITIVE_INFINITY;
}
