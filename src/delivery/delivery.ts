import type { Change } from '../change/change-schema.ts';

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
