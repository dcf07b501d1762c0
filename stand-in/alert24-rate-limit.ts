/** Counts requests within the last second. */
export class RateLimit {
	readonly #perSecond: number;
	#admittedAtMs: number[] = [];

	constructor(perSecond: number) {
		this.#perSecond = perSecond;
	}

	/** Whether one more request is within the limit; if so, it counts. */
	admits(nowMs: number): boolean {
		this.#admittedAtMs = this.#admittedAtMs.filter((admitted) => nowMs - admitted < 1000);
		if (this.#admittedAtMs.length >= this.#perSecond) return false;
		this.#admittedAtMs.push(nowMs);
		return true;
	}
}
