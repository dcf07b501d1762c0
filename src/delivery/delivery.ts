import type { Alert24Client } from '../alert24/alert24-client.ts';
import type { Lookup, LookupLimits, LookupQuery, OtherId } from '../alert24/find-recorded-change.ts';
import type { Change } from '../change/change-schema.ts';
import type { Log } from '../log/log.ts';
import type { DedupeMode } from '../settings/settings.ts';
import type { Clock } from './clock.ts';
import type { RetryPolicy } from './retry-policy.ts';

/** The end of the delivery of one change. */
export type Delivery = Readonly<{
	change: Change;
	state: 'recorded' | 'already recorded' | 'refused' | 'undelivered';
	/** Alert24's id of the recorded change, if a response contained it. */
	id: string | undefined;
	/** The page of the recorded change, if a response contained it. */
	url: string | undefined;
	/** The requests that tried to record the change. */
	attempts: number;
	/** The X-Request-Id of the last response. Alert24's support asks for it. */
	requestId: string | undefined;
	/** The reason why the change is not recorded. */
	reason: string | undefined;
	/**
	 * True if the change is perhaps recorded all the same: an attempt may have arrived, and no list proved the
	 * opposite.
	 */
	isUncertain: boolean;
	/** True if an attempt timed out, and no second list proved that it was not recorded: it may be recorded later. */
	hasTimedOut: boolean;
}>;

/** A change to deliver. */
export type Parcel = Readonly<{
	change: Change;
	/** One key for all attempts to deliver the change, also in later runs. */
	idempotencyKey: string;
	/** No attempt to record the change is older than this. */
	since: Date;
	dedupe: DedupeMode;
	/**
	 * True: a record of the same deployment with a change type or a summary set by hand counts as the change. See
	 * LookupQuery.
	 */
	ignoresSuffixes?: boolean;
	/** A record with this id counts as the change. See LookupQuery. */
	other?: OtherId | undefined;
}>;

/** The services that a delivery uses, and its limits. */
export type DeliveryOptions = Readonly<{
	client: Alert24Client;
	policy: RetryPolicy;
	clock: Clock;
	/** The end of the budget, by `clock.now()`. */
	deadlineMs: number;
	/**
	 * True: at most one attempt, and none while the list cannot be read for a transient reason. The caller decides when
	 * the next one follows.
	 */
	isSingleAttempt?: boolean;
	/** Ends the delivery at once. */
	signal: AbortSignal;
	log: Log;
	/** Searches for a change. Undefined: `findRecordedChange` with the client. */
	find?: (query: LookupQuery, limits: LookupLimits) => Promise<Lookup>;
}>;
