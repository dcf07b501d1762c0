import type { Clock } from '../../src/delivery/clock.ts';

/** A clock that runs with the real time, and that a test can set forward: sleeps that are over by then end at once. */
export class SteppedClock implements Clock {
	#skippedMs = 0;
	readonly #checks = new Set<() => void>();

	date(): number {
		return Date.now() + this.#skippedMs;
	}

	now(): number {
		return performance.now() + this.#skippedMs;
	}

	/** Sets the clock forward. */
	advance(ms: number): void {
		this.#skippedMs += ms;
		for (const check of this.#checks) check();
	}

	sleep(ms: number, signal: AbortSignal): Promise<void> {
		const endMs = this.now() + ms;
		return new Promise((resolve) => {
			const end = () => {
				clearTimeout(timer);
				this.#checks.delete(check);
				signal.removeEventListener('abort', end);
				resolve();
			};
			const check = () => {
				if (this.now() >= endMs) end();
			};
			const timer = setTimeout(end, ms);
			this.#checks.add(check);
			signal.addEventListener('abort', end, { once: true });
			if (signal.aborted) end();
		});
	}
}
