import { findRecordedChange, type Look } from '../alert24/find-recorded-change.ts';
import { judgeAnswer, type Verdict } from '../alert24/judge-answer.ts';
import type { Change } from '../change/change-schema.ts';
import { NetworkFault } from '../network/network-fault.ts';
import type { Delivery, DeliveryOptions } from './delivery.ts';
import { buildBlindFailure, buildFailure, type Failure } from './failure.ts';
import { buildIdempotencyKey } from './idempotency-key.ts';
import { attemptLimitMs, delayBeforeRetry, readRetryAfter } from './retry-policy.ts';

// While so much of the budget is left, a list that cannot be had now is asked again; after that the change is sent again unlooked.
const shareForLooks = 0.5;

/**
 * Delivers one change within the budget, and at most once. Two records can come about only where an attempt was recorded without an answer
 * that said so, and the list then could not be had, for good or for half of the budget, or did not show the change; or where it is not to be
 * looked for: without an external id, or by ALERT24_DEDUPE=never. Throws only on a fault of this program.
 */
export function deliverChange(change: Change, options: DeliveryOptions): Promise<Delivery> {
	return new ChangeDelivery(change, options).run();
}

class ChangeDelivery {
	readonly #change: Change;
	readonly #options: DeliveryOptions;
	readonly #idempotencyKey: string;
	readonly #budgetMs: number;
	#attempts = 0;
	#mayHaveArrived = false;
	#wasAccepted = false;
	#requestId: string | undefined;

	constructor(change: Change, options: DeliveryOptions) {
		this.#change = change;
		this.#options = options;
		this.#idempotencyKey = buildIdempotencyKey(change);
		this.#budgetMs = this.#remainingMs();
	}

	async run(): Promise<Delivery> {
		for (let failures = 0; ; ) {
			const look = await this.#look(0.5);
			if (look?.kind === 'found') return this.#end('already recorded', { id: look.id });
			if (this.#options.signal.aborted) return this.#giveUp('undelivered', 'interrupted by a signal');
			if (this.#wasAccepted && !this.#isInDoubt(look)) return this.#end('recorded', {});
			const verdict = this.#isBlind(look) ? buildBlindFailure(look.reason) : await this.#attempt();
			if (verdict.kind === 'recorded') return this.#end('recorded', { id: verdict.id });
			if (verdict.kind === 'refused') return this.#giveUp('refused', verdict.reason);
			failures += 1;
			const reason = await this.#pause(verdict, failures);
			if (reason !== undefined) return this.#giveUp('undelivered', reason);
		}
	}

	// The last word has the list: the change may be recorded although no answer said so.
	async #giveUp(state: 'refused' | 'undelivered', reason: string): Promise<Delivery> {
		const look = await this.#look(1);
		if (look?.kind === 'found') return this.#end('already recorded', { id: look.id });
		if (this.#wasAccepted && !this.#isInDoubt(look)) return this.#end('recorded', {});
		return this.#end(state, { reason, isUncertain: this.#mayHaveArrived && look?.kind !== 'absent' });
	}

	/** Looks for the change where an attempt may have recorded it; takes at most this share of the time that remains. */
	async #look(share: number): Promise<Look | undefined> {
		const { client, policy, signal, log } = this.#options;
		const { external_id: externalId } = this.#change;
		const limitMs = Math.min(policy.lookMs, this.#remainingMs() * share);
		if (!this.#canLook() || externalId === undefined || signal.aborted || limitMs <= 0) return undefined;
		const look = await findRecordedChange(client, externalId, limitMs);
		log.detail(`looked for the change in Alert24: ${look.kind}${look.kind === 'unreadable' ? `, ${look.reason}` : ''}`);
		return look;
	}

	#canLook(): boolean {
		const { dedupe } = this.#options;
		if (dedupe === 'never' || this.#change.external_id === undefined) return false;
		return this.#mayHaveArrived || dedupe === 'always';
	}

	// An accepted change is sent again only when a list shows that it is not there; one that may have arrived, also when no list can be had.
	#isBlind(look: Look | undefined): look is Extract<Look, { kind: 'unreadable' }> {
		if (look?.kind !== 'unreadable' || !look.isPassing) return false;
		return this.#wasAccepted || this.#remainingMs() > shareForLooks * this.#budgetMs;
	}

	#isInDoubt(look: Look | undefined): boolean {
		if (look === undefined) return this.#canLook();
		return look.kind === 'absent' || (look.kind === 'unreadable' && look.isPassing);
	}

	async #attempt(): Promise<Exclude<Verdict, { kind: 'failed' }> | Failure> {
		const { client, policy, clock, log } = this.#options;
		this.#attempts += 1;
		this.#wasAccepted = false;
		try {
			const limitMs = attemptLimitMs(this.#remainingMs(), policy);
			const answer = await client.postChange(this.#change, this.#idempotencyKey, limitMs);
			this.#requestId = answer.requestId;
			log.detail(`attempt ${this.#attempts}: answered ${answer.status}, request id ${answer.requestId ?? 'not given'}`);
			const verdict = judgeAnswer(answer);
			if (verdict.kind === 'recorded') return verdict;
			this.#mayHaveArrived ||= verdict.mayHaveArrived;
			if (verdict.kind === 'refused') return verdict;
			return { ...verdict, retryAfterMs: readRetryAfter(answer.retryAfter, clock.date()) };
		} catch (error) {
			if (!(error instanceof NetworkFault)) throw error;
			log.detail(`attempt ${this.#attempts}: ${error.message}`);
			this.#mayHaveArrived ||= error.mayHaveArrived;
			this.#wasAccepted = error.wasAccepted;
			return buildFailure(error);
		}
	}

	/** Waits before the next attempt. Gives, instead, the reason to give up where there can be none. */
	async #pause(failure: Failure, failures: number): Promise<string | undefined> {
		const { policy, clock, signal, log } = this.#options;
		if (failure.isPermanent) return failure.reason;
		const { retryAfterMs } = failure;
		const situation = { attempts: failures, retryAfterMs, remainingMs: this.#remainingMs(), random: Math.random() };
		const delayMs = delayBeforeRetry(situation, policy);
		if (delayMs === undefined) {
			const wish = retryAfterMs === undefined ? '' : `, and asks to wait ${Math.ceil(retryAfterMs / 1000)} s`;
			return `${failure.reason}${wish}; the time of ALERT24_TIMEOUT is used up`;
		}
		log.detail(`next attempt in ${Math.round(delayMs)} ms`);
		await clock.sleep(delayMs, signal);
		return signal.aborted ? `interrupted by a signal; before: ${failure.reason}` : undefined;
	}

	#remainingMs(): number {
		return this.#options.deadlineMs - this.#options.clock.now();
	}

	#end(state: Delivery['state'], facts: Partial<Pick<Delivery, 'id' | 'reason' | 'isUncertain'>>): Delivery {
		const { id, reason, isUncertain = false } = facts;
		const [change, attempts, requestId] = [this.#change, this.#attempts, this.#requestId];
		return { change, state, id, attempts, requestId, reason, isUncertain };
	}
}
