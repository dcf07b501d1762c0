/** ASCII white space, as a shell's tools define it. */
export const blanks = ' \t\n\v\f\r';

/**
 * A text without the white space at its ends. Not by a regular expression: `/\s+$/` takes quadratic time for blanks in
 * the middle.
 */
export function trimBlanks(text: string): string {
	let start = 0;
	while (start < text.length && blanks.includes(text.charAt(start))) start += 1;
	return dropFromEnd(text.slice(start), blanks);
}

/** A text without those of the characters that it ends in. */
export function dropFromEnd(text: string, characters: string): string {
	let end = text.length;
	while (end > 0 && characters.includes(text.charAt(end - 1))) end -= 1;
	return text.slice(0, end);
}
