import type { Verdict } from '../alert24/judge-answer.ts';
import type { NetworkFault } from '../network/network-fault.ts';

/** An attempt that failed, and when the server wants the next one. */
export type Failure = Extract<Verdict, { kind: 'failed' }> & Readonly<{ retryAfterMs: number | undefined }>;

/** The failure of an attempt that got no complete answer. */
export function buildFailure({ message: reason, isPermanent, mayHaveArrived }: NetworkFault): Failure {
	return { kind: 'failed', reason, isPermanent, mayHaveArrived, retryAfterMs: undefined };
}

/** The failure to see whether an earlier attempt was recorded: sending again at once could record twice. */
export function buildBlindFailure(reason: string): Failure {
	return {
		kind: 'failed',
		reason: `it is not known whether the change was recorded: ${reason}`,
		isPermanent: false,
		mayHaveArrived: true,
		retryAfterMs: undefined,
	};
}
