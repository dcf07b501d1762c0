import { buildLineStart, parseUndelivered, type UndeliveredChange } from './undelivered-change.ts';

/** The undelivered changes in a text, and the flaw of each line that should be one. */
export type UndeliveredLines = Readonly<{ entries: UndeliveredChange[]; flaws: string[] }>;

// The time that GitLab puts before each line of a raw log: `2026-11-02T12:00:01.000000Z 01O `.
const logTime = /^(\d{4}-\d\d-\d\dT\S+ (\S+ )?)?$/;

/**
 * Reads undelivered changes, one JSON object per line, from a text such as the log of a job. Other lines are ignored,
 * and an object in the middle of a line: a hostile summary could imitate a change there. Also reads the whole content
 * of a file of the outbox folder, or of version 1.0.0.
 */
export function readUndeliveredLines(text: string): UndeliveredLines {
	const whole = parseUndelivered(text);
	if (whole.kind === 'change') return { entries: [whole.entry], flaws: [] };
	if (whole.kind === 'list') return { entries: whole.entries, flaws: [] };
	const entries: UndeliveredChange[] = [];
	const flaws: string[] = [];
	for (const [index, line] of text.split('\n').entries()) {
		const start = line.indexOf(buildLineStart());
		if (start < 0 || !logTime.test(line.slice(0, start))) continue;
		const content = parseUndelivered(line.slice(start));
		if (content.kind === 'change') entries.push(content.entry);
		else if (content.kind === 'flaw') flaws.push(`line ${index + 1} ${content.flaw}`);
	}
	return { entries, flaws };
}
