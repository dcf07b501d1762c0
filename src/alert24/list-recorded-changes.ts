import { monotonicMs } from '../monotonic-ms.ts';
import { NetworkFault } from '../network/network-fault.ts';
import { isSuccess } from '../network/send-request.ts';
import { parseJson, property } from '../text/json-value.ts';
import { type Alert24Client, pageSize } from './alert24-client.ts';

/** A change in Alert24's list that has an external id. */
export type RecordedChange = Readonly<{
	externalId: string;
	/** Milliseconds since 1970; undefined if Alert24 does not list the time. */
	createdAtMs: number | undefined;
}>;

/** The changes since a time, or the reason why the list does not show all of them. */
export type RecordedChanges =
	| Readonly<{ kind: 'listed'; changes: readonly RecordedChange[] }>
	| Readonly<{ kind: 'unreadable'; reason: string }>;

export type ListLimits = Readonly<{
	/** The longest time for all pages, in milliseconds. */
	limitMs: number;
	/** The longest time for one page, in milliseconds. */
	requestMs: number;
}>;

const mostPages = 100;

/**
 * Lists the changes that Alert24 recorded since a time, page by page, the newest first
 * (alert24.net/docs/api-pagination).
 */
export async function listRecordedChanges(
	client: Alert24Client,
	since: Date,
	limits: ListLimits,
): Promise<RecordedChanges> {
	const deadlineMs = monotonicMs() + limits.limitMs;
	const changes: RecordedChange[] = [];
	try {
		for (let page = 0; page < mostPages; page += 1) {
			const limitMs = Math.min(limits.requestMs, deadlineMs - monotonicMs());
			if (limitMs <= 0) return { kind: 'unreadable', reason: 'the list is too long for the time left' };
			const { status, body } = await client.listChanges(page * pageSize, { limitMs });
			if (!isSuccess(status)) return { kind: 'unreadable', reason: `Alert24 answered ${status}` };
			const list = parseJson(body);
			const data = property(list, 'data');
			if (!Array.isArray(data)) return { kind: 'unreadable', reason: 'the list has an unknown format' };
			changes.push(...data.flatMap(readChange));
			const hasMore = property(property(list, 'meta'), 'has_more');
			const isLast = hasMore === false || (hasMore !== true && data.length < pageSize) || data.length === 0;
			if (isLast || Date.parse(String(property(data.at(-1), 'created_at'))) < since.getTime()) {
				return { kind: 'listed', changes };
			}
		}
		return { kind: 'unreadable', reason: `the list has more than ${mostPages} pages` };
	} catch (error) {
		if (!(error instanceof NetworkFault)) throw error;
		return { kind: 'unreadable', reason: error.message };
	}
}

function readChange(change: unknown): RecordedChange[] {
	const externalId = property(change, 'external_id');
	if (typeof externalId !== 'string') return [];
	const createdAtMs = Date.parse(String(property(change, 'created_at')));
	return [{ externalId, createdAtMs: Number.isNaN(createdAtMs) ? undefined : createdAtMs }];
}
