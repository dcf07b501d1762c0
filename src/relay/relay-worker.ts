import type { Change } from '../change/change-schema.ts';
import type { Clock } from '../delivery/clock.ts';
import type { Delivery } from '../delivery/delivery.ts';
import type { Log } from '../log/log.ts';
import { OutboxError } from '../outbox/outbox.ts';
import type { SqlClaim, SqlOutbox } from '../outbox/sql-outbox.ts';
import { describeChange } from '../report/messages.ts';
import type { RelayMetrics } from './metrics.ts';
import type { PlannedFacts } from './plan-event.ts';
import { SendingPause } from './sending-pause.ts';

/** The change to send now; or the fact that its deployment never ran, or that it is not known yet if it ran. */
export type Preparation =
	| Readonly<{ kind: 'change'; change: Change }>
	| Readonly<{ kind: 'never started'; reason: string }>
	| Readonly<{ kind: 'undecided'; reason: string }>;

/** The end of one delivery, with the facts of the last response that decide about the next. */
export type RelayDelivery = Delivery & Readonly<{ status: number | undefined; retryAfterMs: number | undefined }>;

export type RelayWorkerOptions = Readonly<{
	outbox: SqlOutbox;
	/** Completes a stored change with what is known by now. */
	prepare(claim: SqlClaim, facts: PlannedFacts): Promise<Preparation>;
	/** Sends one change within `budgetMs`, and looks for it in Alert24 first. */
	deliver(change: Change, claim: SqlClaim, signal: AbortSignal): Promise<RelayDelivery>;
	metrics: RelayMetrics;
	log: Log;
	clock: Clock;
	/** The longest that `deliver` takes. */
	budgetMs: number;
	retentionMs: number;
	/** Changes that are sent at the same time, of different environments. */
	concurrency?: number;
	/** The longest time between two looks at the outbox, in which another replica may have stored a change. */
	pollMs?: number;
	longestPauseMs?: number;
}>;

const defaultConcurrency = 4;
const defaultPollMs = 1000;
const longestWaitMs = 24 * 60 * 60_000;
const housekeepingMs = 60 * 60_000;
const keyRejections: readonly (number | undefined)[] = [401, 403];
const leaseMarginMs = 30_000;
// Between two attempts to send one change.
const firstDelayMs = 1000;
const longestDelayMs = 60_000;
const afterPauseMs = 1000;
const shortestLookupPauseMs = 60_000;
const longestLookupPauseMs = 10 * 60_000;
// After an attempt without a response: the next list must show if Alert24 recorded the change later.
const settleMs = 15_000;

/** Delivers the changes of the outbox, oldest first, one at a time for each environment, until it is stopped. */
export class RelayWorker {
	readonly #options: RelayWorkerOptions;
	readonly #pause: SendingPause;
	readonly #stopping = new AbortController();
	readonly #interruption = new AbortController();
	#wake: AbortController | undefined;
	#loops: Promise<void>[] = [];
	#isKeyRejected = false;
	#isStoreBroken = false;

	constructor(options: RelayWorkerOptions) {
		this.#options = options;
		this.#pause = new SendingPause(options.clock, options.longestPauseMs);
	}

	start(): void {
		const { concurrency = defaultConcurrency } = this.#options;
		const loops = Array.from({ length: concurrency }, (_, number) => this.#run(number === 0));
		this.#loops = [...loops, this.#keepHouse()];
	}

	/** Looks at the outbox at once. */
	wake(): void {
		this.#wake?.abort();
		this.#wake = undefined;
	}

	/**
	 * Claims nothing more, waits up to `graceMs` for the deliveries in progress, then interrupts them and releases
	 * their changes.
	 */
	async stop(graceMs: number): Promise<void> {
		this.#stopping.abort();
		this.wake();
		const timer = setTimeout(() => this.#interruption.abort(), graceMs);
		await Promise.all(this.#loops);
		clearTimeout(timer);
	}

	async #run(isProbe: boolean): Promise<void> {
		const { pollMs = defaultPollMs } = this.#options;
		while (!this.#stopping.signal.aborted) {
			const { remainingMs } = this.#pause;
			if (remainingMs > 0) await this.#sleep(remainingMs, false);
			// After a failure, one worker alone tries if Alert24 accepts changes again.
			else if (this.#pause.isActive && !isProbe) await this.#sleep(pollMs, false);
			else if (!(await this.#deliverNext())) await this.#sleep(pollMs, true);
		}
	}

	/** Returns false if there is nothing to do now. */
	async #deliverNext(): Promise<boolean> {
		const { outbox, budgetMs, metrics, log } = this.#options;
		try {
			const claim = await outbox.claim(budgetMs + leaseMarginMs);
			if (this.#isStoreBroken) log.notice('The store can be used again');
			this.#isStoreBroken = false;
			if (claim === undefined) return false;
			await this.#process(claim);
			return true;
		} catch (error) {
			if (!(error instanceof OutboxError)) throw error;
			metrics.countStoreError();
			// The lease of a claim ends by itself.
			if (!this.#isStoreBroken) log.failure(`The store ${error.message}. Nothing is sent until it can be used`);
			this.#isStoreBroken = true;
			return false;
		}
	}

	async #process(claim: SqlClaim): Promise<void> {
		const { outbox, prepare, deliver, metrics, log, clock } = this.#options;
		const preparation = await prepare(claim, claim.details as PlannedFacts);
		if (preparation.kind === 'never started') {
			if (!(await outbox.close(claim, 'never started', preparation.reason))) return;
			metrics.countDelivery('never started');
			log.notice(`Not recorded: ${describeChange(claim.change)}: ${preparation.reason}`);
			return;
		}
		if (preparation.kind === 'undecided') {
			await this.#setAside(claim, preparation.reason);
			return;
		}
		// Decided once: neither a later event nor a start that is forgotten by the next attempt changes it.
		if (claim.waitsFor !== undefined && !(await outbox.confirmStart(claim))) return;
		const delivery = await deliver(preparation.change, claim, this.#interruption.signal);
		metrics.countDelivery(delivery.state);
		const { state, reason, requestId } = delivery;
		const change = describeChange(preparation.change);
		if (state === 'undelivered' || keyRejections.includes(delivery.status)) {
			const isInterrupted = this.#interruption.signal.aborted;
			const releaseMs = delivery.isUncertain ? settleMs : 0;
			const delayMs = isInterrupted ? releaseMs : this.#noteFailure(delivery, claim);
			await outbox.postpone(claim, delivery, new Date(clock.date() + delayMs));
			return;
		}
		this.#noteSuccess();
		const isOurs = await outbox.finish(claim, { ...delivery, state });
		if (!isOurs) {
			log.notice(
				`${change}: another replica took over before this delivery ended: it took longer than its lease, or the clocks of the replicas differ`,
			);
		}
		const id = delivery.id === undefined ? '' : ` (change ${delivery.id})`;
		if (state === 'recorded') log.success(`Recorded: ${change}${id}`);
		else if (state === 'already recorded') log.success(`Already recorded: ${change}${id}`);
		else {
			log.failure(
				`NOT RECORDED: ${change}: ${reason} (request id ${requestId ?? 'not given'}); after a correction: alert24-notify outbox retry`,
			);
		}
	}

	/** Keeps a change until GitLab shows if its deployment ran; after a day it is refused, and `retry` asks again. */
	async #setAside(claim: SqlClaim, reason: string): Promise<void> {
		const { outbox, metrics, log, clock } = this.#options;
		const change = describeChange(claim.change);
		const waitedMs = clock.date() - claim.receivedAtMs;
		if (waitedMs < longestWaitMs) {
			// The pauses grow with the age of the change.
			const pauseMs = Math.min(Math.max(waitedMs, shortestLookupPauseMs), longestLookupPauseMs);
			await outbox.setAside(claim, reason, new Date(clock.date() + pauseMs));
			log.notice(`Waits: ${change}: ${reason}; next lookup in ${toSeconds(pauseMs)}`);
			return;
		}
		const unknown = `it is not known if it ran: ${reason}`;
		if (!(await outbox.close(claim, 'refused', unknown))) return;
		metrics.countDelivery('refused');
		log.failure(`NOT RECORDED: ${change}: ${unknown}; after a correction: alert24-notify outbox retry`);
	}

	/** Begins or extends the pause. Returns the time until the next attempt to send this change, in milliseconds. */
	#noteFailure(delivery: RelayDelivery, claim: SqlClaim): number {
		const { log, metrics } = this.#options;
		const isKeyRejected = keyRejections.includes(delivery.status);
		const wasActive = this.#pause.isActive;
		const pauseMs = this.#pause.noteFailure(
			isKeyRejected ? (this.#options.longestPauseMs ?? 60_000) : delivery.retryAfterMs,
		);
		const change = describeChange(delivery.change);
		// The pause is that of this process. After it, a change of another environment is sent: one that Alert24 never
		// accepts stops the others for a second, and after some attempts only once a minute. The change is due again
		// soon all the same, so that a wrong clock cannot hold it for long.
		const ownMs = firstDelayMs * 2 ** Math.min(claim.attempts - 1, 16);
		const shortestMs = delivery.hasTimedOut ? settleMs : 0;
		const delayMs = Math.max(Math.min(Math.max(pauseMs, ownMs), longestDelayMs) + afterPauseMs, shortestMs);
		if (isKeyRejected && !this.#isKeyRejected) {
			log.failure(
				`Alert24 rejects the API key: ${delivery.reason}. All changes are stored. Nothing is sent, except one change a minute to see if the key works`,
			);
		} else if (!isKeyRejected && !wasActive) {
			log.notice(
				`An attempt failed: ${change}: ${delivery.reason}. All changes are stored; sending pauses for ${toSeconds(pauseMs)}`,
			);
		}
		this.#isKeyRejected = isKeyRejected;
		metrics.setKeyRejected(isKeyRejected);
		log.detail(`Not delivered: ${change}: ${delivery.reason}; next attempt in ${toSeconds(delayMs)}`);
		return delayMs;
	}

	#noteSuccess(): void {
		const { log, metrics } = this.#options;
		this.#isKeyRejected = false;
		metrics.setKeyRejected(false);
		if (this.#pause.noteSuccess()) {
			log.notice('Alert24 accepts changes again');
			this.wake();
		}
	}

	async #keepHouse(): Promise<void> {
		const { outbox, log, metrics, clock, retentionMs } = this.#options;
		while (!this.#stopping.signal.aborted) {
			try {
				await outbox.prune(new Date(clock.date() - retentionMs));
				const { pending, oldestPendingAtMs = clock.date() } = await outbox.count();
				const waitedMs = clock.date() - oldestPendingAtMs;
				if (waitedMs > longestWaitMs) {
					log.failure(
						`NOT RECORDED FOR ${Math.floor(waitedMs / 3_600_000)} HOURS: ${pending} changes wait. They are stored, and are sent as soon as Alert24 accepts them`,
					);
				}
			} catch (error) {
				if (!(error instanceof OutboxError)) throw error;
				metrics.countStoreError();
			}
			await this.#sleep(housekeepingMs, false);
		}
	}

	// `canWake`: a new change ends the sleep.
	#sleep(ms: number, canWake: boolean): Promise<void> {
		const signals = [this.#stopping.signal];
		if (canWake) {
			this.#wake ??= new AbortController();
			signals.push(this.#wake.signal);
		}
		return this.#options.clock.sleep(ms, AbortSignal.any(signals));
	}
}

function toSeconds(ms: number): string {
	return `${Math.ceil(ms / 1000)} s`;
}
