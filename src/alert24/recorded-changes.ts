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

/**
 * The changes that Alert24's list showed, for a process that delivers many. The first search reads the list back to the
 * time of its query; a later one reads only what is new. After an outage, thousands of changes would else each read the
 * whole list.
 */
export class RecordedChanges {
	readonly #entries = new Map<string, Recorded>();
	/** The list was read from here to the newest entry. */
	#readFromMs = Number.POSITIVE_INFINITY;
	#newestMs = Number.NEGATIVE_INFINITY;

	/** Returns the search for a delivery, with the client of that delivery. */
	searchWith(client: Alert24Client) {
		return (query: LookupQuery, limits: LookupLimits): Promise<Lookup> => this.#find(client, query, limits);
	}

	async #find(client: Alert24Client, query: LookupQuery, limits: LookupLimits): Promise<Lookup> {
		const wanted = removeSuffixes(query.externalId);
		const known = this.#entries.get(wanted);
		if (known !== undefined) return { kind: 'found', ...known };
		if (this.#entries.size > mostEntries) this.#forget();
		const deadlineMs = monotonicMs() + limits.limitMs;
		const oldestMs = oldestTime(query);
		const untilMs = oldestMs >= this.#readFromMs ? this.#newestMs - overlapMs : oldestMs;
		let newestMs = this.#newestMs;
		try {
			for (let number = 0; ; number += 1) {
				const limitMs = Math.min(limits.requestMs, deadlineMs - monotonicMs());
				if (limitMs <= 0) return { kind: 'unreadable', reason: 'too long for the time left', isTransient: true };
				const page = await readPage(client, number, { limitMs });
				if (page.kind === 'unreadable') return page;
				for (const { externalId, id, url } of page.entries) this.#add(externalId, { id, url });
				newestMs = Math.max(newestMs, page.times?.firstMs ?? newestMs);
				const isComplete = page.isLast || (page.times !== undefined && page.times.lastMs < untilMs);
				const found = this.#entries.get(wanted);
				if (isComplete) {
					this.#readFromMs = page.isLast ? Number.NEGATIVE_INFINITY : Math.min(this.#readFromMs, oldestMs);
					this.#newestMs = newestMs;
				}
				if (found !== undefined) return { kind: 'found', ...found };
				if (isComplete) return { kind: 'absent', isProven: true };
				if (page.times === undefined && number + 1 >= mostPagesWithoutTimes) return { kind: 'absent', isProven: false };
			}
		} catch (error) {
			if (!(error instanceof NetworkFault)) throw error;
			return { kind: 'unreadable', reason: error.message, isTransient: !error.isPermanent };
		}
	}

	// A webhook does not show the change type and the summary that the job sets.
	#add(externalId: string | undefined, recorded: Recorded): void {
		if (externalId !== undefined) this.#entries.set(removeSuffixes(externalId), recorded);
	}

	#forget(): void {
		this.#entries.clear();
		this.#readFromMs = Number.POSITIVE_INFINITY;
		this.#newestMs = Number.NEGATIVE_INFINITY;
	}
}
