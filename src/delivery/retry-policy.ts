/** The durations of a delivery, all in milliseconds. */
export type RetryPolicy = Readonly<{
	/** The longest first attempt, if half of the budget is longer. */
	firstAttemptMs: number;
	/** The longest later attempt, and the longest wait for a connection. */
	attemptMs: number;
	/** The longest request for the list of changes. */
	lookupMs: number;
	/**
	 * The shortest time between the two lookups that prove that an attempt that timed out was not recorded; half as
	 * much may be added.
	 */
	secondLookupMs: number;
	/** The pause after the first failed attempt. It doubles with each further one. */
	firstDelayMs: number;
	longestDelayMs: number;
}>;

export const retryPolicy: RetryPolicy = {
	firstAttemptMs: 120_000,
	attemptMs: 10_000,
	lookupMs: 5_000,
	secondLookupMs: 10_000,
	firstDelayMs: 1_000,
	longestDelayMs: 16_000,
};

/** The facts that decide the pause before the next attempt. `random` is from 0 to 1. */
export type RetrySituation = Readonly<{
	/** Attempts made so far. */
	attempts: number;
	/** The pause that the server asked for. */
	retryAfterMs: number | undefined;
	remainingMs: number;
	random: number;
}>;

/**
 * Returns the pause before the next attempt in milliseconds: exponential with jitter, and never shorter than the server
 * asked for. Returns undefined if the pause would use up the rest of the budget.
 */
export function delayBeforeRetry(situation: RetrySituation, policy: RetryPolicy): number | undefined {
	const { attempts, retryAfterMs, remainingMs, random } = situation;
	const ceilingMs = Math.min(policy.firstDelayMs * 2 ** (attempts - 1), policy.longestDelayMs);
	const backoffMs = ceilingMs * (0.5 + random / 2);
	// A little later than the server asked for, and not all clients at once.
	const delayMs =
		retryAfterMs === undefined ? backoffMs : Math.max(retryAfterMs + (random * policy.firstDelayMs) / 4, backoffMs);
	return delayMs < remainingMs ? delayMs : undefined;
}

/**
 * Returns the pause before the second lookup after an attempt that timed out, in milliseconds: Alert24 may record the
 * change after the attempt ended. Returns undefined if the rest of the budget is too short for the pause and the
 * lookup.
 */
export function delayBeforeSecondLookup(
	{ remainingMs, random }: Pick<RetrySituation, 'remainingMs' | 'random'>,
	policy: RetryPolicy,
): number | undefined {
	const delayMs = policy.secondLookupMs * (1 + random / 2);
	return delayMs + policy.firstDelayMs < remainingMs ? delayMs : undefined;
}

/**
 * Returns the longest duration of an attempt in milliseconds. A part of the budget stays for the lookup that finds a
 * change which was recorded without a response.
 */
export function attemptLimitMs(attempt: number, remainingMs: number, policy: RetryPolicy): number {
	const limitMs =
		attempt === 1 ? Math.min(policy.firstAttemptMs, remainingMs * 0.5) : Math.min(policy.attemptMs, remainingMs * 0.75);
	return Math.max(1, limitMs);
}

// Longer than any budget, and short enough to print.
const longestRetryAfterSeconds = 10 ** 9;

/**
 * Parses a Retry-After header (RFC 9110, 10.2.3), seconds or a date, and returns milliseconds. `now` is in milliseconds
 * since 1970. Returns undefined for any other text.
 */
export function readRetryAfter(header: string | undefined, now: number): number | undefined {
	const text = header?.trim() ?? '';
	if (/^\d+$/.test(text)) return Math.min(Number(text), longestRetryAfterSeconds) * 1000;
	// Date.parse reads '-5' and '1.5' as years: only a text in the form of an HTTP date is a date.
	// The oldest of its three forms, that of asctime, names no time zone.
	const date = /^[A-Z][a-z]+,? .*\d{2}:\d{2}:\d{2}/.test(text)
		? Date.parse(text.endsWith('GMT') ? text : `${text} GMT`)
		: Number.NaN;
	return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
