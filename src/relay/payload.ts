import { property } from '../text/json-value.ts';

/** Returns the text at a path of a payload; undefined if there is none, or only white space. */
export function readText(payload: unknown, ...path: readonly string[]): string | undefined {
	const value = readValue(payload, ...path);
	return typeof value === 'string' && value.trim() !== '' ? value.toWellFormed() : undefined;
}

/** Returns the id at a path as text; undefined unless it is a whole number. */
export function readNumber(payload: unknown, ...path: readonly string[]): string | undefined {
	const value = readValue(payload, ...path);
	return Number.isSafeInteger(value) && Number(value) >= 0 ? String(value) : undefined;
}

/** Returns the list at a path; empty if there is none. */
export function readList(payload: unknown, ...path: readonly string[]): readonly unknown[] {
	const value = readValue(payload, ...path);
	return Array.isArray(value) ? value : [];
}

/** Returns any value at a path. */
export function readValue(payload: unknown, ...path: readonly string[]): unknown {
	return path.reduce<unknown>(property, payload);
}

/**
 * Returns a time as ISO 8601 in UTC, to the second where the payload has no fraction; undefined for a text without a
 * time.
 */
export function readTime(payload: unknown, ...path: readonly string[]): string | undefined {
	const text = readText(payload, ...path);
	const time = text === undefined ? Number.NaN : Date.parse(text);
	return Number.isNaN(time) ? undefined : new Date(time).toISOString().replace('.000Z', 'Z');
}

/** Returns a commit message without trailing newlines. */
export function readMessage(payload: unknown, ...path: readonly string[]): string | undefined {
	return readText(payload, ...path)?.replace(/[\r\n]+$/, '');
}
