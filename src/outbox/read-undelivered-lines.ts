import { buildLineStart, parseUndelivered, type UndeliveredChange } from './undelivered-change.ts';

/** The undelivered changes in a text, and the flaw of each line that should be one. */
export type UndeliveredLines = Readonly<{ entries: UndeliveredChange[]; flaws: string[] }>;

/**
 * Reads undelivered changes, one JSON object per line, from a text such as the log of a job: other lines, and a text before the object, such
 * as the time of a log line, are ignored. Also reads the whole content of a file of the outbox folder, or of version 1.0.0.
 */
export function readUndeliveredLines(text: string): UndeliveredLines {
	const whole = parseUndelivered(text);
	if (whole.kind === 'change') return { entries: [whole.entry], flaws: [] };
	if (whole.kind === 'list') return { entries: whole.entries, flaws: [] };
	const entries: UndeliveredChange[] = [];
	const flaws: string[] = [];
	for (const [index, line] of text.split('\n').entries()) {
		const start = line.indexOf(buildLineStart());
		if (start < 0) continue;
		const content = parseUndelivered(line.slice(start));
		if (content.kind === 'change') entries.push(content.entry);
		else if (content.kind === 'flaw') flaws.push(`line ${index + 1} ${content.flaw}`);
	}
	return { entries, flaws };
}
