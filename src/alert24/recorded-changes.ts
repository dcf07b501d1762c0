import { removeSuffixes } from '../change/external-id.ts';
import { monotonicMs } from '../monotonic-ms.ts';
import { NetworkFault } from '../network/network-fault.ts';
import type { Alert24Client } from './alert24-client.ts';
import { type Lookup, type LookupLimits, type LookupQuery, oldestTime, readPage } from './find-recorded-change.ts';

type Recorded = Readonly<{ id: string | undefined; url: string | undefined }>;

// New entries move the others to later pages while the pages are read, and two entries can become visible in another
// order than their times.
const overlapMs = 2 * 60_000;
const mostEntries = 100_000;
const mostPagesWithoutTimes = 3;

/** The part of the list that was read: every entry from `readFromMs` to `newestMs`. */
type KnownPart = {
	readonly entries: Map<string, Recorded>;
	readFromMs: number;
	newestMs: number;
	/** The number of pages of this part. New entries move it to later pages. */
	pages: number;
	/** True if the last search was interrupted. The next has no time to read the whole overlap. */
	isInterrupted: boolean;
};

/** The part that one search reads; joined: it reaches into the known part. */
type Reading = KnownPart & { isJoined: boolean };

/**
 * The changes that Alert24's list showed, for a process that delivers many. The first search reads the list back to the
 * time of its query; a later one reads only what is new. After an outage, thousands of changes would else each read the
 * whole list. A search that is interrupted, because the list is long and slow, is continued by the next.
 */
export class RecordedChanges {
	#known = buildEmptyPart();

	/** Returns the search for a delivery, with the client of that delivery. */
	searchWith(client: Alert24Client) {
		return (query: LookupQuery, limits: LookupLimits): Promise<Lookup> => this.#find(client, query, limits);
	}

	async #find(client: Alert24Client, query: LookupQuery, limits: LookupLimits): Promise<Lookup> {
		if (this.#known.entries.size > mostEntries) this.#known = buildEmptyPart();
		const known = this.#known;
		const reading = { ...buildEmptyPart(), entries: known.entries, isJoined: false };
		const lookup = await this.#search(known, reading, client, query, limits);
		if (lookup.kind !== 'found') known.isInterrupted = lookup.kind === 'unreadable';
		// More is new than one search can read: the next goes on with the new part.
		const isApart = lookup.kind === 'unreadable' && !reading.isJoined && reading.pages > 0;
		if (isApart && this.#known === known) this.#known = { ...reading, isInterrupted: true };
		return lookup;
	}

	async #search(
		known: KnownPart,
		reading: Reading,
		client: Alert24Client,
		query: LookupQuery,
		limits: LookupLimits,
	): Promise<Lookup> {
		const wanted = removeSuffixes(query.externalId);
		const before = known.entries.get(wanted);
		if (before !== undefined) return { kind: 'found', ...before };
		const deadlineMs = monotonicMs() + limits.limitMs;
		const oldestMs = oldestTime(query);
		let isJump = false;
		const isHurried = known.isInterrupted;
		try {
			for (let number = 0; ; ) {
				const limitMs = Math.min(limits.requestMs, deadlineMs - monotonicMs());
				if (limitMs <= 0) return { kind: 'unreadable', reason: 'too long for the time left', isTransient: true };
				const page = await readPage(client, number, { limitMs });
				if (page.kind === 'unreadable') return page;
				let isKnown = (page.times?.lastMs ?? Number.POSITIVE_INFINITY) <= known.newestMs;
				for (const { externalId, id, url } of page.entries) {
					if (externalId === undefined) continue;
					// A webhook does not show the change type and the summary that the job sets.
					const name = removeSuffixes(externalId);
					isKnown &&= known.entries.has(name);
					known.entries.set(name, { id, url });
				}
				const found = known.entries.get(wanted);
				if (found !== undefined) return { kind: 'found', ...found };
				const { times, isLast } = page;
				if (isJump && (times === undefined || times.firstMs < known.readFromMs)) {
					this.#known = buildEmptyPart();
					return { kind: 'unreadable', reason: 'entries are missing', isTransient: true };
				}
				reading.isJoined ||= isLast || (isHurried && isKnown) || touches(known, number, times?.lastMs);
				const { isJoined } = reading;
				const readFromMs = isLast ? Number.NEGATIVE_INFINITY : times?.lastMs;
				if (readFromMs !== undefined) extend(reading, number, times?.firstMs, readFromMs);
				if (isJoined) extend(known, number, reading.newestMs, reading.readFromMs);
				const isComplete =
					(times !== undefined && times.lastMs < oldestMs) || (isJoined && known.readFromMs <= oldestMs);
				if (isComplete) return { kind: 'absent', isProven: true };
				if (times === undefined && number + 1 >= mostPagesWithoutTimes) return { kind: 'absent', isProven: false };
				// The last page of the known part is read again: it shows that no entry is missing between.
				const next = isJoined ? Math.max(number + 1, known.pages - 1) : number + 1;
				isJump = next > number + 1;
				number = next;
			}
		} catch (error) {
			if (!(error instanceof NetworkFault)) throw error;
			return { kind: 'unreadable', reason: error.message, isTransient: !error.isPermanent };
		}
	}
}

function buildEmptyPart(): KnownPart {
	return {
		entries: new Map(),
		readFromMs: Number.POSITIVE_INFINITY,
		newestMs: Number.NEGATIVE_INFINITY,
		pages: 0,
		isInterrupted: false,
	};
}

// The entries that a search read, from the newest on, reach into the known part.
function touches({ pages, newestMs }: KnownPart, number: number, lastMs: number | undefined): boolean {
	if (lastMs === undefined) return false;
	return pages === 0 ? number === 0 : lastMs < newestMs - overlapMs;
}

function extend(known: KnownPart, number: number, newestMs: number | undefined, readFromMs: number): void {
	known.newestMs = Math.max(known.newestMs, newestMs ?? known.newestMs);
	known.readFromMs = Math.min(known.readFromMs, readFromMs);
	known.pages = Math.max(known.pages, number + 1);
}
