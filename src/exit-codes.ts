/** The exit codes of the command. The docs have the same table. */
export const exitCodes = {
	/** Recorded, already recorded, printed by a dry run, or nothing to record. */
	ok: 0,
	/** A fault in this program. */
	fault: 1,
	/** Usage or configuration: bad option, missing key or environment, not in a CI, unknown outcome. */
	configuration: 2,
	/** The change violates the schema. */
	invalidChange: 3,
	/** Alert24 rejected the change: 400, 401, 403, 404 and other 4xx, a redirect. */
	refused: 4,
	/** The change could not be delivered now: network, proxy, TLS, 429, 5xx, budget used up. */
	undelivered: 5,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
