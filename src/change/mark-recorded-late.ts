import { truncate } from '../text/truncate.ts';
import { type Change, changeSchema } from './change-schema.ts';

const lateTag = 'recorded-late';
const lateMs = 15 * 60_000;

/**
 * Returns true if a deployment ended so long ago that its change must state the time. `nowMs` is in milliseconds since
 * 1970.
 */
export function isLate(endedAt: Date, nowMs: number): boolean {
	return nowMs - endedAt.getTime() > lateMs;
}

/**
 * Returns the change as it is recorded later than it happened: with the tag `recorded-late`, and a last line of the
 * description that states when the deployment ended. Alert24 has no field for the time. The same arguments produce the
 * same change, and marking it twice changes nothing.
 */
export function markRecordedLate(change: Change, endedAt: Date): Change {
	const line = `Recorded later; the deployment ended at ${endedAt.toISOString()}`;
	const { description, tags = [] } = change;
	const { maxLength } = changeSchema.properties.description;
	const { maxItems } = changeSchema.properties.tags;
	const isMarked = description === line || description?.endsWith(`\n${line}`);
	// A long description makes room for the line.
	const before =
		isMarked || description === undefined ? description : truncate(description, maxLength - line.length - 1);
	const isTagged = tags.includes(lateTag);
	return {
		...change,
		description: isMarked ? (before ?? line) : before === undefined ? line : `${before}\n${line}`,
		tags: isTagged ? [...tags] : [...tags.slice(0, maxItems - 1), lateTag],
	};
}
