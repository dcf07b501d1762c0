import { findRecordedChange, type Lookup } from '../alert24/find-recorded-change.ts';
import { judgeAnswer, type Verdict } from '../alert24/judge-answer.ts';
import { NetworkFault } from '../network/network-fault.ts';
import { quote } from '../text/visible-text.ts';
import type { Delivery, DeliveryOptions, Parcel } from './delivery.ts';
import { attemptLimitMs, delayBeforeRetry, delayBeforeSecondLookup, readRetryAfter } from './retry-policy.ts';

type Failure = Extract<Verdict, { kind: 'failed' }> & Readonly<{ retryAfterMs?: number | undefined }>;

// As long as more than this share of the budget is left, a list that fails is requested again. Then the change is sent
// again without a lookup.
const shareForLookups = 0.5;

/**
 * Delivers one change within the budget, and at most once. Two records are possible only if an attempt was recorded
 * without a response that confirms it, and the list then could not be read (for good, or for half of the budget), or
 * did not contain the change; or if no lookup is possible: without an external_id, or with ALERT24_DEDUPE=never. Throws
 * only on a fault of this program.
 */
export function deliverChange(parcel: Parcel, options: DeliveryOptions): Promise<Delivery> {
	return new ChangeDelivery(parcel, options).run();
}

class ChangeDelivery {
	readonly #parcel: Parcel;
	readonly #options: DeliveryOptions;
	readonly #budgetMs: number;
	#attempts = 0;
	#requestId: string | undefined;
	/** An attempt may be recorded. */
	#mayHaveArrived = false;
	/** The last attempt got a 2xx without a complete body. */
	#wasAccepted = false;
	/** An attempt timed out, and two lists have not yet proved that it was not recorded. */
	#hasTimedOut = false;

	constructor(parcel: Parcel, options: DeliveryOptions) {
		this.#parcel = parcel;
		this.#options = options;
		this.#budgetMs = this.#remainingMs();
	}

	async run(): Promise<Delivery> {
		let lastReason = '';
		for (let failures = 1; ; failures += 1) {
			const lookup = await this.#lookUpBeforeAttempt();
			if (lookup?.kind === 'found') return this.#end('already recorded', lookup);
			if (this.#options.signal.aborted) return this.#giveUp('undelivered', 'interrupted by a signal');
			if (this.#hasTimedOut && lookup?.kind === 'absent') {
				return this.#giveUp('undelivered', `${lastReason}; the list does not contain the change yet`);
			}
			if (this.#wasAccepted && !isAbsentOrTransient(lookup)) {
				return this.#giveUp('undelivered', `${lastReason}; no list could be read`);
			}
			const verdict = this.#mustLookUpAgain(lookup) ? buildLookupFailure(lookup.reason) : await this.#attempt();
			if (verdict.kind === 'recorded') return this.#end('recorded', verdict);
			if (verdict.kind === 'refused') return this.#giveUp('refused', verdict.reason);
			if (verdict.kind === 'unconfirmed') return this.#giveUp('undelivered', verdict.reason, true);
			lastReason = verdict.reason;
			const reason = await this.#pause(verdict, failures);
			if (reason !== undefined) return this.#giveUp('undelivered', reason);
		}
	}

	// Check the list once more: the change may be stored although no response confirmed it.
	async #giveUp(state: 'refused' | 'undelivered', reason: string, isUnconfirmed = false): Promise<Delivery> {
		const isUncertain = isUnconfirmed || this.#mayHaveArrived;
		this.#mayHaveArrived = isUncertain;
		const lookup = await this.#lookUp(1);
		if (lookup?.kind === 'found') return this.#end('already recorded', lookup);
		const isProvenAbsent = lookup?.kind === 'absent' && lookup.isProven && !this.#hasTimedOut && !isUnconfirmed;
		return this.#end(state, { reason, isUncertain: isUncertain && !isProvenAbsent });
	}

	/** After a timeout, the list must lack the change twice. */
	async #lookUpBeforeAttempt(): Promise<Lookup | undefined> {
		const lookup = await this.#lookUp(0.5);
		if (lookup?.kind !== 'absent' || !this.#hasTimedOut) return lookup;
		const { policy, clock, signal } = this.#options;
		const remainingMs = this.#remainingMs();
		const delayMs = delayBeforeSecondLookup({ remainingMs, random: Math.random() }, policy);
		// The last lookup comes as late as possible.
		const pauseMs = delayMs ?? Math.max(0, remainingMs - policy.firstDelayMs);
		this.#report('the list does not contain the change', `next lookup in ${toSeconds(pauseMs)}`);
		await clock.sleep(pauseMs, signal);
		if (delayMs === undefined || signal.aborted) return lookup;
		const second = await this.#lookUp(0.5);
		if (second?.kind === 'absent') this.#hasTimedOut = false;
		return second;
	}

	/** Searches for the change if an attempt may have recorded it. Uses at most this share of the remaining time. */
	async #lookUp(share: number): Promise<Lookup | undefined> {
		const { client, policy, signal, log, find } = this.#options;
		const { change, since, ignoresSuffixes = false, other } = this.#parcel;
		const { external_id: externalId } = change;
		const limitMs = this.#remainingMs() * share;
		if (!this.#canLookUp() || externalId === undefined || signal.aborted || limitMs <= 0) return undefined;
		const query = { externalId, since, ignoresSuffixes, other };
		const limits = { limitMs, requestMs: policy.lookupMs };
		const lookup = await (find === undefined ? findRecordedChange(client, query, limits) : find(query, limits));
		log.detail(`lookup in Alert24: ${lookup.kind}${lookup.kind === 'unreadable' ? `, ${lookup.reason}` : ''}`);
		return lookup;
	}

	#canLookUp(): boolean {
		const { dedupe, change } = this.#parcel;
		if (dedupe === 'never' || change.external_id === undefined) return false;
		return this.#mayHaveArrived || dedupe === 'always';
	}

	// An accepted change is sent again only if a list lacks it. A change that may have arrived is sent again also if no
	// list can be read, unless the caller can wait without end.
	#mustLookUpAgain(lookup: Lookup | undefined): lookup is Extract<Lookup, { kind: 'unreadable' }> {
		if (lookup?.kind !== 'unreadable' || !lookup.isTransient) return false;
		const { isSingleAttempt = false } = this.#options;
		return this.#wasAccepted || isSingleAttempt || this.#remainingMs() > shareForLookups * this.#budgetMs;
	}

	async #attempt(): Promise<Exclude<Verdict, { kind: 'failed' }> | Failure> {
		const { client, policy, clock, log } = this.#options;
		const { change, idempotencyKey } = this.#parcel;
		this.#attempts += 1;
		this.#wasAccepted = false;
		try {
			const limitMs = attemptLimitMs(this.#attempts, this.#remainingMs(), policy);
			const limits = { limitMs, connectMs: Math.min(limitMs, policy.attemptMs) };
			const answer = await client.postChange(change, idempotencyKey, limits);
			this.#requestId = answer.requestId;
			log.detail(`attempt ${this.#attempts}: answered ${answer.status}, request id ${answer.requestId ?? 'not given'}`);
			const verdict = judgeAnswer(answer);
			if (verdict.kind === 'recorded' || verdict.kind === 'unconfirmed') return verdict;
			this.#mayHaveArrived ||= verdict.mayHaveArrived;
			if (verdict.kind === 'refused') return verdict;
			this.#hasTimedOut ||= verdict.isTimeout;
			return { ...verdict, retryAfterMs: readRetryAfter(answer.retryAfter, clock.date()) };
		} catch (error) {
			if (!(error instanceof NetworkFault)) throw error;
			this.#mayHaveArrived ||= error.mayHaveArrived;
			this.#wasAccepted = error.wasAccepted;
			this.#hasTimedOut ||= error.isTimeout;
			const { message: reason, isPermanent, mayHaveArrived, isTimeout } = error;
			return { kind: 'failed', reason, isPermanent, mayHaveArrived, isTimeout };
		}
	}

	/** Waits before the next attempt. Returns the reason to stop if there is no next attempt. */
	async #pause(failure: Failure, failures: number): Promise<string | undefined> {
		const { policy, clock, signal, isSingleAttempt = false } = this.#options;
		if (failure.isPermanent || isSingleAttempt) return failure.reason;
		const { retryAfterMs } = failure;
		const remainingMs = this.#remainingMs();
		const delayMs = delayBeforeRetry({ attempts: failures, retryAfterMs, remainingMs, random: Math.random() }, policy);
		if (delayMs === undefined) {
			return retryAfterMs !== undefined && retryAfterMs + policy.firstDelayMs / 4 >= remainingMs
				? `${failure.reason} and asks to wait ${toSeconds(retryAfterMs)}, but only ${toSeconds(remainingMs)} are left`
				: `${failure.reason}; the time of ALERT24_TIMEOUT is used up`;
		}
		this.#report(failure.reason, `next attempt in ${toSeconds(delayMs)}`);
		await clock.sleep(delayMs, signal);
		return signal.aborted ? `interrupted by a signal; before: ${failure.reason}` : undefined;
	}

	#report(result: string, next: string): void {
		const { service_id: serviceId } = this.#parcel.change;
		const service = serviceId === undefined ? '' : ` for service ${quote(serviceId)}`;
		const step = this.#attempts === 0 ? 'lookup' : `attempt ${this.#attempts}`;
		this.#options.log.notice(`${step}${service}: ${result}; ${next}, ${toSeconds(this.#remainingMs())} left`);
	}

	#remainingMs(): number {
		return this.#options.deadlineMs - this.#options.clock.now();
	}

	#end(state: Delivery['state'], facts: Partial<Pick<Delivery, 'id' | 'url' | 'reason' | 'isUncertain'>>): Delivery {
		const { id, url, reason, isUncertain = false } = facts;
		const [{ change }, attempts, requestId] = [this.#parcel, this.#attempts, this.#requestId];
		return { change, state, id, url, attempts, requestId, reason, isUncertain, hasTimedOut: this.#hasTimedOut };
	}
}

/** The list could not be read, so that another attempt could record the change twice. */
function buildLookupFailure(reason: string): Failure {
	return {
		kind: 'failed',
		reason: `the list of changes could not be read: ${reason}`,
		isPermanent: false,
		mayHaveArrived: true,
		isTimeout: false,
	};
}

function isAbsentOrTransient(lookup: Lookup | undefined): boolean {
	return lookup?.kind === 'absent' || (lookup?.kind === 'unreadable' && lookup.isTransient);
}

function toSeconds(ms: number): string {
	return `${Math.max(0, Math.ceil(ms / 1000))} s`;
}
