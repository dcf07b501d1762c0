import assert from 'node:assert/strict';
import type { Alert24StandIn } from '../../stand-in/alert24-stand-in.ts';
import { signGitlab, type TestRelay } from '../support/relay.ts';

/** Sends an event to the relay, which must accept it. */
export async function send(relay: TestRelay, payload: unknown): Promise<void> {
	const { status } = await fetch(`${relay.url}/webhooks/gitlab`, signGitlab(payload));
	assert.equal(status, 202);
}

/** Returns the jobs of the recorded changes, in the order of their records. */
export function readJobs(alert24: Alert24StandIn): number[] {
	return alert24.sentChanges.map((change) => Number(String(change['external_id']).split(':')[4]));
}

/** Returns the number of attempts that failed so far. */
export function countFailures(relay: TestRelay): number {
	return relay.readLog().match(/^alert24-notify: Not delivered:/gm)?.length ?? 0;
}

/** Returns the condition that no change waits. */
export function isEmpty(relay: TestRelay) {
	return async () => (await relay.outbox.count()).pending === 0;
}
