import { truncate } from './truncate.ts';

const longestQuote = 200;
const longestLine = 4000;

// C0 and C1 controls, line and paragraph separators, and what turns the direction of text: none may act on a terminal or a log.
const unsafe = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c\ufeff]/g;
const escapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** Makes control characters visible (`\n`, `\u001b`): text from outside can neither forge a log line nor steer a terminal. */
export function makeVisible(text: string): string {
	return text.replace(unsafe, (character) => escapes[character] ?? escapeCharacter(character));
}

// GitLab's log takes what follows for the name of a collapsible section.
const sectionMarker = /section_(start|end):/g;

/** One line for a log: visible, bounded, and unable to open or close one of GitLab's collapsible sections. */
export function toLogLine(text: string): string {
	return truncate(makeVisible(text), longestLine).replace(sectionMarker, 'section_$1\\u003a');
}

/** A value as JSON, bounded: for messages that show what they got. */
export function quote(value: unknown): string {
	const text = typeof value === 'string' ? truncate(value, longestQuote) : value;
	return truncate(makeVisible(stringify(text)), 2 * longestQuote);
}

/** JSON that means the same, without a character that a terminal or log would act on. */
export function toSafeJson(value: unknown, indent = 2): string {
	return JSON.stringify(value, undefined, indent)
		.replace(unsafe, (character) => (character === '\n' ? character : escapeCharacter(character)))
		.replace(sectionMarker, 'section_$1\\u003a');
}

function stringify(value: unknown): string {
	try {
		return JSON.stringify(value) ?? String(value);
	} catch {
		// What is nested too deeply for JSON.stringify.
		return 'a value that cannot be shown';
	}
}

function escapeCharacter(character: string): string {
	return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
