import { isSameDeployment } from '../change/external-id.ts';
import { monotonicMs } from '../monotonic-ms.ts';
import { NetworkFault } from '../network/network-fault.ts';
import { isSuccess } from '../network/send-request.ts';
import { parseJson, property } from '../text/json-value.ts';
import { type Alert24Client, pageSize, type TimeLimits } from './alert24-client.ts';
import { readId, readUrl } from './judge-answer.ts';

/** The change to search for. */
export type LookupQuery = Readonly<{
	externalId: string;
	/** The first attempt to record it is not older than this. The search ends at the first page that is older. */
	since: Date;
	/**
	 * True: the same deployment with a change type or a summary set by hand counts as well. A source such as a webhook
	 * does not see these settings of the job.
	 */
	ignoresSuffixes?: boolean;
	/** A change with this id counts as well. */
	other?: OtherId | undefined;
}>;

/** Another id of the same change. A record that is older than `since` is of another deployment. */
export type OtherId = Readonly<{ externalId: string | undefined; since: Date }>;

/** The longest that a lookup and each of its requests may take, in milliseconds. */
export type LookupLimits = Readonly<{ limitMs: number; requestMs: number }>;

/** The result of a search in Alert24's list of changes. */
export type Lookup =
	| Readonly<{ kind: 'found'; id: string | undefined; url: string | undefined }>
	/** `isProven`: the search saw every change since the time of the query. */
	| Readonly<{ kind: 'absent'; isProven: boolean }>
	/** The list could not be read. `isTransient`: a later request may succeed. */
	| Readonly<{ kind: 'unreadable'; reason: string; isTransient: boolean }>;

// The clocks of Alert24 and of this machine differ.
const clockToleranceMs = 10 * 60_000;
const mostPages = 20;
const mostPagesWithoutTimes = 3;

/**
 * Searches Alert24's list for a change, page by page. Alert24 documents no filter, so the comparison is made here.
 * Alert24 does not document the fields of a listed change either: without `created_at` the search reads three pages.
 */
export async function findRecordedChange(
	client: Alert24Client,
	query: LookupQuery,
	limits: LookupLimits,
): Promise<Lookup> {
	const deadlineMs = monotonicMs() + limits.limitMs;
	const oldest = oldestTime(query);
	try {
		for (let page = 0; page < mostPages; page += 1) {
			const limitMs = Math.min(limits.requestMs, deadlineMs - monotonicMs());
			if (limitMs <= 0) return { kind: 'unreadable', reason: 'too long for the time left', isTransient: true };
			const list = await readPage(client, page, { limitMs });
			if (list.kind === 'unreadable') return list;
			const match = list.entries.find((entry) => isMatch(entry, query));
			if (match !== undefined) return { kind: 'found', id: match.id, url: match.url };
			if (list.isLast || (list.times !== undefined && list.times.lastMs < oldest)) {
				return { kind: 'absent', isProven: true };
			}
			if (list.times === undefined && page + 1 >= mostPagesWithoutTimes) break;
		}
		return { kind: 'absent', isProven: false };
	} catch (error) {
		if (!(error instanceof NetworkFault)) throw error;
		return { kind: 'unreadable', reason: error.message, isTransient: !error.isPermanent };
	}
}

/** Returns the time back to which a search reads the list, in milliseconds since 1970. */
export function oldestTime({ since }: LookupQuery): number {
	return since.getTime() - clockToleranceMs;
}

/** One page of Alert24's list. */
export type ListPage = Readonly<{
	kind: 'page';
	entries: readonly Readonly<{
		externalId: string | undefined;
		/** Milliseconds since 1970; NaN if Alert24 does not list the time. */
		createdAtMs: number;
		id: string | undefined;
		url: string | undefined;
	}>[];
	isLast: boolean;
	/**
	 * The times of the newest and the oldest change. Undefined if the page does not show that the newest change is the
	 * first.
	 */
	times: Readonly<{ firstMs: number; lastMs: number }> | undefined;
}>;

/** Reads one page of the list, from 0. Throws a NetworkFault if no complete response arrives. */
export async function readPage(
	client: Alert24Client,
	page: number,
	limits: TimeLimits,
): Promise<ListPage | Extract<Lookup, { kind: 'unreadable' }>> {
	const { status, body } = await client.listChanges(page * pageSize, limits);
	if (!isSuccess(status)) {
		const isTransient = status === 408 || status === 425 || status === 429 || status >= 500;
		return { kind: 'unreadable', reason: `answered with ${status}`, isTransient };
	}
	const list = parseJson(body);
	const changes = property(list, 'data');
	if (!Array.isArray(changes)) {
		return { kind: 'unreadable', reason: 'unknown form', isTransient: false };
	}
	const entries = changes.map((change) => readEntry(change, client));
	return { kind: 'page', entries, isLast: isLastPage(list, changes), times: readOrder(changes) };
}

function isMatch({ externalId: recordedId, createdAtMs }: ListPage['entries'][number], query: LookupQuery): boolean {
	const { externalId, ignoresSuffixes, other } = query;
	if (recordedId === undefined) return false;
	if (recordedId === other?.externalId && createdAtMs >= other.since.getTime()) return true;
	return ignoresSuffixes ? isSameDeployment(recordedId, externalId) : recordedId === externalId;
}

function readEntry(change: unknown, client: Alert24Client): ListPage['entries'][number] {
	const externalId = property(change, 'external_id');
	const [id, url] = [readId(change), readUrl(change)];
	return {
		externalId: typeof externalId === 'string' ? externalId : undefined,
		createdAtMs: readTime(change),
		id: id && client.redact(id),
		url: url && client.redact(url),
	};
}

function isLastPage(list: unknown, changes: readonly unknown[]): boolean {
	const hasMore = property(property(list, 'meta'), 'has_more');
	if (changes.length === 0 || hasMore === false) return true;
	return hasMore !== true && changes.length < pageSize;
}

// Returns undefined if the page does not show that the newest change is the first.
function readOrder(changes: readonly unknown[]): ListPage['times'] {
	const [firstMs = Number.NaN, lastMs = Number.NaN] = [changes[0], changes.at(-1)].map(readTime);
	return firstMs >= lastMs ? { firstMs, lastMs } : undefined;
}

function readTime(change: unknown): number {
	return Date.parse(String(property(change, 'created_at')));
}
