import { setTimeout as wait } from 'node:timers/promises';
import type { Clock } from '../../src/delivery/clock.ts';

/**
 * A clock whose pauses take a twentieth of their time, so that what happens meanwhile elsewhere still happens in order.
 */
export class ScaledClock implements Clock {
	static readonly scale = 20;
	#skippedMs = 0;

	date(): number {
		return Date.now() + this.#skippedMs;
	}

	now(): number {
		return performance.now() + this.#skippedMs;
	}

	async sleep(ms: number): Promise<void> {
		const endMs = this.now() + ms;
		await wait(ms / ScaledClock.scale);
		// Pauses at the same time overlap.
		this.#skippedMs += Math.max(0, endMs - this.now());
	}
}
