import type { Clock } from '../../src/delivery/clock.ts';

/** A clock that skips each pause and lists the durations of the pauses. */
export class VirtualClock implements Clock {
	/** In milliseconds. */
	readonly pauses: number[] = [];
	#skippedMs = 0;

	date(): number {
		return Date.now() + this.#skippedMs;
	}

	now(): number {
		return performance.now() + this.#skippedMs;
	}

	async sleep(ms: number): Promise<void> {
		this.pauses.push(ms);
		this.#skippedMs += ms;
	}
}
