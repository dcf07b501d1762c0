/** Returns a text of at most `limit` characters. A longer text ends in `…` and is never cut within a character. */
export function truncate(text: string, limit: number): string {
	if (text.length <= limit) return text;
	// Spread only the part that can exceed the limit: a text may have megabytes.
	const characters = [...text.slice(0, 2 * limit + 1)];
	return characters.length <= limit ? text : `${characters.slice(0, limit - 1).join('')}…`;
}
