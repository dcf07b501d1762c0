import type { OtherId } from '../alert24/find-recorded-change.ts';
import type { Change } from '../change/change-schema.ts';
import { isLate, markRecordedLate } from '../change/mark-recorded-late.ts';
import type { Delivery } from '../delivery/delivery.ts';
import { buildIdempotencyKey } from '../delivery/idempotency-key.ts';
import { type DeliveryContext, type DeliverySettings, openDelivery } from '../delivery/open-delivery.ts';
import type { Log } from '../log/log.ts';
import { isDefaultApiUrl } from '../settings/read-api-url.ts';
import type { DedupeMode, Settings } from '../settings/settings.ts';
import { quote } from '../text/visible-text.ts';
import { deliverOutbox, isRecorded } from './deliver-outbox.ts';
import type { FolderOutbox } from './folder-outbox.ts';
import { OutboxError } from './outbox.ts';
import { buildUndeliveredDocument } from './undelivered-change.ts';

// Alert24 lists a hundred changes on a page: more at once could hide each other from their lookups. Each one also needs
// memory and a connection.
const mostAtOnce = 50;

export type FolderDelivery = DeliverySettings &
	Pick<Settings, 'budgetMs'> &
	Readonly<{
		/** Undefined: look up before the first attempt if an earlier run may have sent the change. */
		dedupe: DedupeMode | undefined;
		/** True: all changes are recorded later than they happened. False: those whose deployment ended long ago. */
		areLate: boolean;
		/** Other ids of the changes, by their external_id. */
		otherIds?: ReadonlyMap<string | undefined, OtherId>;
	}>;

/**
 * Puts changes into the folder before the first attempt to send them. A change that the folder cannot store goes to the
 * log as one JSON line, and is delivered all the same.
 */
export async function putIntoFolder(
	outbox: FolderOutbox,
	changes: readonly Change[],
	createdAt: Date,
	log: Log,
): Promise<void> {
	for (const change of changes) {
		try {
			await outbox.put({ change, createdAt });
		} catch (error) {
			if (!(error instanceof OutboxError)) throw error;
			const entry = { created_at: createdAt.toISOString(), change, state: 'pending' } as const;
			outbox.addUnstored(entry);
			log.notice(
				`${quote(outbox.folder)} ${error.message}. If the change is not recorded, send this line with: alert24-notify replay -`,
			);
			log.noticeJson(buildUndeliveredDocument(entry));
		}
	}
}

/**
 * Delivers every change that the folder hands out, within one budget, and returns the deliveries in the order of the
 * changes.
 */
export function deliverFolder(
	outbox: FolderOutbox,
	settings: FolderDelivery,
	context: DeliveryContext,
): Promise<Delivery[]> {
	const { budgetMs, dedupe, areLate, otherIds } = settings;
	const deliver = openDelivery(settings, context);
	const deadlineMs = context.clock.now() + budgetMs;
	return deliverOutbox(outbox, {
		mostAtOnce,
		leaseMs: budgetMs,
		log: context.log,
		deliver: ({ change, createdAt, isFirst }) =>
			deliver(
				{
					change: areLate || isLate(createdAt, context.clock.date()) ? markRecordedLate(change, createdAt) : change,
					idempotencyKey: buildIdempotencyKey(change),
					since: createdAt,
					other: otherIds?.get(change.external_id),
					dedupe: dedupe ?? (isFirst ? 'on-retry' : 'always'),
				},
				deadlineMs,
			),
	});
}

/**
 * Returns the sentences about the place of so many undelivered changes and the command that sends them; none if no
 * file contains them.
 */
export function describeReplay(outbox: FolderOutbox, count: number, apiUrl: URL): string[] {
	if (!outbox.hasStored) return [];
	const [place, them] =
		count === 1 ? ['The undelivered change is in', 'it'] : ['The undelivered changes are in', 'them'];
	const later = isDefaultApiUrl(apiUrl) ? 'later' : 'later, to the same ALERT24_API_URL,';
	const { folder } = outbox;
	return [`${place} ${quote(folder)}. Send ${them} ${later} with: alert24-notify replay ${quoteForShell(folder)}`];
}

/** Prints where the undelivered changes are, if there are any. The message ends with the command that sends them. */
export function reportKept(outbox: FolderOutbox, deliveries: readonly Delivery[], apiUrl: URL, log: Log): void {
	const left = deliveries.filter((delivery) => !isRecorded(delivery)).length;
	if (left === 0) return;
	for (const line of describeReplay(outbox, left, apiUrl)) log.notice(line);
}

/** Returns a text as one argument of a shell's command. */
export function quoteForShell(text: string): string {
	return /^[\w./:-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
