import { truncate } from '../text/truncate.ts';
import { type ChangeField, changeSchema } from './change-schema.ts';

type TextField = Exclude<ChangeField, 'tags' | 'change_type' | 'risk_level'>;

/**
 * Returns a text of the source that fits its field: a longer text is truncated and ends in `…`. Undefined for a text
 * that the field cannot hold at any length: a blank one, or an invalid URL, commit or number. A URL is never truncated.
 */
export function fitField(field: TextField, text: string | undefined): string | undefined {
	const property: { pattern: string; maxLength?: number } = changeSchema.properties[field];
	if (text === undefined || !new RegExp(property.pattern, 'u').test(text)) return undefined;
	if (property.maxLength === undefined) return text;
	const cut = truncate(text, property.maxLength);
	return cut !== text && field.endsWith('_url') ? undefined : cut;
}

/** Returns a tag of the source that fits; undefined for a blank one. */
export function fitTag(text: string | undefined): string | undefined {
	const { pattern, maxLength } = changeSchema.properties.tags.items;
	return text !== undefined && new RegExp(pattern, 'u').test(text) ? truncate(text, maxLength) : undefined;
}
