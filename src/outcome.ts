/** How a deployment ended, in the words of GitLab's CI_JOB_STATUS. */
export const outcomes = ['success', 'failed', 'canceled', 'timedout'] as const;

export type Outcome = (typeof outcomes)[number];

/** A status that this program does not know: never taken for a success, nothing is recorded. */
export type UnknownOutcome = Readonly<{ unknownStatus: string; variable: string }>;

/** Whether a text is one of the four outcomes. */
export function isOutcome(text: string): text is Outcome {
	return (outcomes as readonly string[]).includes(text);
}
