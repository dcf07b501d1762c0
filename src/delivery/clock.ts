import { setTimeout as wait } from 'node:timers/promises';
import { monotonicMs } from '../monotonic-ms.ts';

/** Time, as tests may replace it. */
export type Clock = Readonly<{
	/** Milliseconds since 1970, for the dates that servers send. */
	date(): number;
	/** Milliseconds that never jump, for durations. */
	now(): number;
	/** Waits; ends at once, without an error, when the signal is given. */
	sleep(ms: number, signal: AbortSignal): Promise<void>;
}>;

export const systemClock: Clock = {
	date: () => Date.now(),
	now: monotonicMs,
	sleep: (ms, signal) => wait(ms, undefined, { signal }).catch(() => undefined),
};
