/** Cuts a text to a number of characters, the last of them `…`; never in the middle of one. */
export function cutText(text: string, limit: number): string {
	if (text.length <= limit) return text;
	// As much as can hold more characters than the limit: spreading a text of megabytes only to drop it would be waste.
	const characters = [...text.slice(0, 2 * limit + 1)];
	return characters.length <= limit ? text : `${characters.slice(0, limit - 1).join('')}…`;
}
