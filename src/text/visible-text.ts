import { truncate } from './truncate.ts';

const longestQuote = 200;
const longestLine = 4000;

// C0 and C1 controls, separators of lines and paragraphs, and marks that turn the direction of a text.
const unsafe = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c\ufeff]/g;
const escapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/**
 * Makes control characters visible (`\n`, `\u001b`): a text from outside can neither forge a log line nor control a
 * terminal.
 */
export function makeVisible(text: string): string {
	return text.replace(unsafe, (character) => escapes[character] ?? escapeCharacter(character));
}

// In GitLab's log, the name of a collapsible section follows.
const sectionMarker = /section_(start|end):/g;

/**
 * Returns a text as one line of a log: visible, bounded, and unable to open or close one of GitLab's collapsible
 * sections.
 */
export function toLogLine(text: string): string {
	return truncate(makeVisible(text), longestLine).replace(sectionMarker, 'section_$1\\u003a');
}

/** Returns a value as JSON, bounded: for messages that quote a value. */
export function quote(value: unknown): string {
	const text = typeof value === 'string' ? truncate(value, longestQuote) : value;
	return truncate(makeVisible(stringify(text)), 2 * longestQuote);
}

/** Returns JSON without characters that control a terminal or a log. */
export function toSafeJson(value: unknown, indent = 2): string {
	return JSON.stringify(value, undefined, indent)
		.replace(unsafe, (character) => (character === '\n' ? character : escapeCharacter(character)))
		.replace(sectionMarker, 'section_$1\\u003a');
}

function stringify(value: unknown): string {
	try {
		return JSON.stringify(value) ?? String(value);
	} catch {
		// The value is nested too deeply for JSON.stringify.
		return 'a value that cannot be shown';
	}
}

function escapeCharacter(character: string): string {
	return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
