import { Alert24Client, type Answer } from '../alert24/alert24-client.ts';
import { RecordedChanges } from '../alert24/recorded-changes.ts';
import { markRecordedLate } from '../change/mark-recorded-late.ts';
import { systemClock } from '../delivery/clock.ts';
import { deliverChange } from '../delivery/deliver-change.ts';
import { buildIdempotencyKey } from '../delivery/idempotency-key.ts';
import type { DeliverySettings } from '../delivery/open-delivery.ts';
import { readRetryAfter, retryPolicy } from '../delivery/retry-policy.ts';
import { readTrustedCas } from '../network/trusted-cas.ts';
import type { RelayOptions } from './start-relay.ts';

const budgetMs = 30_000;
const lateMs = 10 * 60_000;
// A change is never sent without a list, so a slow list needs time.
const relayPolicy = { ...retryPolicy, lookupMs: 15_000 };

// Keeps the last response to a POST, whose status decides about the pause.
class ObservedClient extends Alert24Client {
	lastAnswer: Answer | undefined;

	override async postChange(...request: Parameters<Alert24Client['postChange']>): Promise<Answer> {
		this.lastAnswer = undefined;
		this.lastAnswer = await super.postChange(...request);
		return this.lastAnswer;
	}

	readRetryAfterMs(nowMs: number): number | undefined {
		return readRetryAfter(this.lastAnswer?.retryAfter, nowMs);
	}
}

/** `clock` decides if a change is late; the budget of a delivery is real time. */
export type RelayDeliveryContext = Readonly<Pick<RelayOptions, 'log' | 'redactor' | 'clock'>> &
	Readonly<{ environment: Readonly<Record<string, string | undefined>> }>;

/**
 * Returns the function with which the relay delivers one change. It looks for the change in Alert24 before every
 * attempt, also the first: the hook or the command may have recorded the same deployment.
 */
export function openRelayDelivery(
	{ apiUrl, apiKey, proxyEnv }: DeliverySettings,
	{ environment, log, redactor, clock }: RelayDeliveryContext,
): Pick<RelayOptions, 'deliver' | 'budgetMs'> {
	const cas = readTrustedCas(environment, log);
	const redact = (text: string) => redactor.redact(text);
	const recorded = new RecordedChanges();
	return {
		budgetMs,
		deliver: async (change, claim, signal) => {
			const client = new ObservedClient({ apiUrl, apiKey, proxyEnv, cas, signal, redact });
			const isLate = clock.date() - claim.createdAt.getTime() > lateMs;
			const parcel = {
				change: isLate ? markRecordedLate(change, claim.createdAt) : change,
				// Of the stored change: the same for every attempt.
				idempotencyKey: buildIdempotencyKey(claim.change),
				since: claim.createdAt,
				dedupe: 'always',
				// A webhook does not show the change type and the summary that the job sets.
				ignoresSuffixes: true,
			} as const;
			const deadlineMs = systemClock.now() + budgetMs;
			const find = recorded.searchWith(client);
			const delivery = await deliverChange(parcel, {
				client,
				policy: relayPolicy,
				clock: systemClock,
				deadlineMs,
				// The pause of the relay decides about the next attempt.
				isSingleAttempt: true,
				signal,
				log,
				find,
			});
			return { ...delivery, status: client.lastAnswer?.status, retryAfterMs: client.readRetryAfterMs(clock.date()) };
		},
	};
}
