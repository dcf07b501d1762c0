import { cutText } from '../text/truncate.ts';
import { type ChangeField, changeSchema } from './change-schema.ts';

type TextField = Exclude<ChangeField, 'tags' | 'change_type' | 'risk_level'>;

/**
 * Makes a derived text fit its field: too long, it is cut between two characters and ends in `…`. Undefined for a text that the field
 * cannot hold at any length: a blank one, or a URL, commit or number that is none.
 */
export function fitField(field: TextField, text: string | undefined): string | undefined {
	const property: { pattern: string; maxLength?: number } = changeSchema.properties[field];
	if (text === undefined || !new RegExp(property.pattern, 'u').test(text)) return undefined;
	if (property.maxLength === undefined) return text;
	const cut = cutText(text, property.maxLength);
	// Half a URL leads nowhere.
	return cut !== text && field.endsWith('_url') ? undefined : cut;
}

/** Makes a derived tag fit. */
export function fitTag(text: string | undefined): string | undefined {
	const { pattern, maxLength } = changeSchema.properties.tags.items;
	return text !== undefined && new RegExp(pattern, 'u').test(text) ? cutText(text, maxLength) : undefined;
}
