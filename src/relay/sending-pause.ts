import type { Clock } from '../delivery/clock.ts';

const firstPauseMs = 1000;
const longestPauseMs = 60_000;
// Longer wishes are requests to stop, which an operator should see.
const longestRetryAfterMs = 60 * 60_000;

/**
 * The pause that all workers share while Alert24 does not accept changes. It doubles with each failure up to 60 s, and
 * is at least as long as Alert24 asked for. After it, one worker sends one change; the others wait for the result.
 */
export class SendingPause {
	readonly #clock: Pick<Clock, 'now'>;
	readonly #longestMs: number;
	#failures = 0;
	#untilMs = 0;

	constructor(clock: Pick<Clock, 'now'>, longestMs = longestPauseMs) {
		this.#clock = clock;
		this.#longestMs = longestMs;
	}

	/** True from the first failure to the next success. */
	get isActive(): boolean {
		return this.#failures > 0;
	}

	/** The time that is left of the pause. */
	get remainingMs(): number {
		return Math.max(0, this.#untilMs - this.#clock.now());
	}

	/** Notes a failure. Returns the length of the pause in milliseconds. */
	noteFailure(retryAfterMs: number | undefined): number {
		const pauseMs = Math.min(firstPauseMs * 2 ** Math.min(this.#failures, 16), this.#longestMs);
		const wishMs = Math.min(retryAfterMs ?? 0, longestRetryAfterMs);
		this.#failures += 1;
		const lengthMs = Math.max(pauseMs, wishMs);
		this.#untilMs = this.#clock.now() + lengthMs;
		return lengthMs;
	}

	/** Notes a success. Returns true if it ends a pause. */
	noteSuccess(): boolean {
		const wasActive = this.isActive;
		this.#failures = 0;
		this.#untilMs = 0;
		return wasActive;
	}
}
