import { setTimeout as wait } from 'node:timers/promises';

/** The time. Tests replace it. */
export type Clock = Readonly<{
	/** Returns milliseconds since 1970, to compare with the dates that servers send. */
	date(): number;
	/** Returns milliseconds that never jump, for durations. */
	now(): number;
	/** Waits. Resolves at once if the signal is aborted. */
	sleep(ms: number, signal: AbortSignal): Promise<void>;
}>;

export const systemClock: Clock = {
	date: () => Date.now(),
	now: () => performance.now(),
	sleep: (ms, signal) => wait(ms, undefined, { signal }).catch(() => undefined),
};
