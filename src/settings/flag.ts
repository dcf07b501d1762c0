/** Reads true, false, and the other words for them. Returns undefined for any other text. */
export function readFlag(text: string): boolean | undefined {
	if (/^(true|1|yes)$/i.test(text)) return true;
	return /^(false|0|no)$/i.test(text) ? false : undefined;
}
