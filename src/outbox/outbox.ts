import type { Change } from '../change/change-schema.ts';
import type { Delivery } from '../delivery/delivery.ts';

/** A change on its way into an outbox. */
export type NewEntry = Readonly<{
	change: Change;
	/** The time at which the deployment ended. It stays with the change until Alert24 confirms the change. */
	createdAt: Date;
	/**
	 * Changes of one lane are handed out one at a time, in the order of `put`: a store with several workers needs it.
	 * Undefined: the change waits for no other.
	 */
	lane?: string;
	/** The store hands the change out at this time at the earliest. Undefined: at once. */
	dueAt?: Date;
}>;

/** The right to deliver one change, for as long as the lease lasts. */
export type Claim = Readonly<{
	/** Identifies the change in its outbox: the result of `buildOutboxKey`. */
	key: string;
	/** Changes with each claim, so that a worker that lost its lease cannot finish the claim of another. */
	lease: string;
	change: Change;
	createdAt: Date;
	/**
	 * True if nobody claimed the change before. If false, an earlier attempt may have sent it: look for it in Alert24
	 * before it is sent.
	 */
	isFirst: boolean;
}>;

/** The delivery of a change that Alert24 confirmed or refused for good. */
export type FinishedDelivery = Delivery & Readonly<{ state: 'recorded' | 'already recorded' | 'refused' }>;

/**
 * The store of the changes that Alert24 has not confirmed. A change is put before the first attempt to send it, and
 * leaves only when Alert24 confirmed it. Three stores implement it: a folder with one file per change (`FolderOutbox`),
 * SQLite and PostgreSQL.
 *
 * Each method is durable when its promise resolves: the death of the process or the machine afterwards loses nothing. A
 * method that cannot store or read rejects with an `OutboxError`.
 */
export interface Outbox {
	/**
	 * Stores a change. Resolves to 'duplicate' if the outbox already holds or has finished a change with the same key.
	 * The folder does not remember what it finished, and replaces what it holds, but for its `createdAt`. A database
	 * keeps the first, unless it is not known that its deployment ran.
	 */
	put(entry: NewEntry): Promise<'stored' | 'duplicate'>;
	/**
	 * Claims the oldest change that is due, that nobody holds, and whose lane is free; undefined if there is none. The
	 * claim ends by itself after `leaseMs`, which must be longer than the budget of a delivery. The folder has no
	 * leases: one `FolderOutbox` hands out each change once, and two processes may deliver the same change.
	 */
	claim(leaseMs: number): Promise<Claim | undefined>;
	/**
	 * Ends a claim for good. A recorded change leaves the outbox; a database keeps its key for `put`. A refused change
	 * stays, apart from those that wait, with the reason. Resolves to false, and changes nothing, if the lease was
	 * lost.
	 */
	finish(claim: Claim, delivery: FinishedDelivery): Promise<boolean>;
	/**
	 * Returns a change that was not delivered, with the reason, to be claimed again from `dueAt` on. The folder keeps
	 * no due time: the user decides when to replay. Resolves to false, and changes nothing, if the lease was lost.
	 */
	postpone(claim: Claim, delivery: Delivery, dueAt: Date): Promise<boolean>;
}

/**
 * The store cannot be read or written. The message is a sentence about it, without a path: `cannot be written (EROFS)`.
 */
export class OutboxError extends Error {
	override readonly name = 'OutboxError';
}
