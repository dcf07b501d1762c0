/** How long to try, wait and look; all in milliseconds. */
export type RetryPolicy = Readonly<{
	/** The longest that one attempt may take. */
	attemptMs: number;
	/** The longest that one look for an already recorded change may take. */
	lookMs: number;
	/** The pause after the first failed attempt; it doubles with each further one. */
	firstDelayMs: number;
	longestDelayMs: number;
}>;

export const retryPolicy: RetryPolicy = {
	attemptMs: 10_000,
	lookMs: 5_000,
	firstDelayMs: 1_000,
	longestDelayMs: 16_000,
};

/** What the next pause depends on. `random` is from 0 to 1. */
export type RetrySituation = Readonly<{
	/** Attempts made so far. */
	attempts: number;
	/** What the server asked for, if it did. */
	retryAfterMs: number | undefined;
	remainingMs: number;
	random: number;
}>;

/**
 * The pause before the next attempt: exponential with jitter, and never shorter than the server asked for. Undefined where the pause would
 * use up what remains of the budget.
 */
export function delayBeforeRetry(situation: RetrySituation, policy: RetryPolicy): number | undefined {
	const { attempts, retryAfterMs, remainingMs, random } = situation;
	const ceilingMs = Math.min(policy.firstDelayMs * 2 ** (attempts - 1), policy.longestDelayMs);
	const backOffMs = ceilingMs * (0.5 + random / 2);
	// A little later than asked for, and not all at once.
	const delayMs =
		retryAfterMs === undefined ? backOffMs : Math.max(retryAfterMs + (random * policy.firstDelayMs) / 4, backOffMs);
	return delayMs < remainingMs ? delayMs : undefined;
}

/** So much is more than any budget, and can still be told. */
const longestWishSeconds = 10 ** 9;

/** Reads a Retry-After header (RFC 9110, 10.2.3): seconds or a date, `now` in ms since 1970. Undefined if it is neither. */
export function readRetryAfter(header: string | undefined, now: number): number | undefined {
	const text = header?.trim() ?? '';
	if (/^\d+$/.test(text)) return Math.min(Number(text), longestWishSeconds) * 1000;
	// Date.parse takes '-5' and '1.5' for years: only what has the form of an HTTP date is one.
	// The oldest of its three forms, asctime's, does not name its time zone.
	const date = /^[A-Z][a-z]+,? .*\d{2}:\d{2}:\d{2}/.test(text)
		? Date.parse(text.endsWith('GMT') ? text : `${text} GMT`)
		: Number.NaN;
	return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/** The time one attempt may take: part of what remains is kept for a look at whether it was recorded after all. */
export function attemptLimitMs(remainingMs: number, policy: RetryPolicy): number {
	return Math.max(1, Math.min(policy.attemptMs, remainingMs * 0.75));
}
