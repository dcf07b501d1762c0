import type { Alert24Client } from '../alert24/alert24-client.ts';
import type { Change } from '../change/change-schema.ts';
import type { Log } from '../log/log.ts';
import type { Clock } from './clock.ts';
import type { DedupeMode } from './dedupe-mode.ts';
import type { RetryPolicy } from './retry-policy.ts';

/** How the delivery of one change ended. */
export type Delivery = Readonly<{
	change: Change;
	state: 'recorded' | 'already recorded' | 'refused' | 'undelivered';
	/** Alert24's id of the recorded change, where it told one. */
	id: string | undefined;
	/** The requests that tried to record it. */
	attempts: number;
	/** The X-Request-Id of the last answer: Alert24's support asks for it. */
	requestId: string | undefined;
	/** Why it is not recorded. */
	reason: string | undefined;
	/** Whether it may be recorded all the same: an attempt may have arrived, and no list could be had. */
	isUncertain: boolean;
}>;

/** What the delivery of a change needs. */
export type DeliveryOptions = Readonly<{
	client: Alert24Client;
	policy: RetryPolicy;
	clock: Clock;
	/** When everything must be over, by `clock.now()`. */
	deadlineMs: number;
	dedupe: DedupeMode;
	/** Ends the delivery at once. */
	signal: AbortSignal;
	log: Log;
}>;
