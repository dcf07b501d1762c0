import { NetworkFault } from '../network/network-fault.ts';
import { parseJson, property } from '../text/json-value.ts';
import { type Alert24Client, isSuccess } from './alert24-client.ts';
import { readId } from './judge-answer.ts';

/** What a look at Alert24's newest changes gave. Unreadable: it could not be looked, and another look is no use or might be. */
export type Look =
	| Readonly<{ kind: 'found'; id: string | undefined; requestId: string | undefined }>
	| Readonly<{ kind: 'absent' }>
	| Readonly<{ kind: 'unreadable'; reason: string; isPassing: boolean }>;

/** Looks among the newest changes for one with this external id. Filters are not documented, so the comparison is made here. */
export async function findRecordedChange(client: Alert24Client, externalId: string, limitMs: number): Promise<Look> {
	try {
		const { status, body, requestId } = await client.listChanges(limitMs);
		const isPassing = status === 429 || status >= 500;
		if (!isSuccess(status)) return { kind: 'unreadable', reason: `the list was answered with ${status}`, isPassing };
		const changes = property(parseJson(body), 'data');
		if (!Array.isArray(changes)) {
			return { kind: 'unreadable', reason: 'the list has an unknown form', isPassing: false };
		}
		const match = changes.find((change) => property(change, 'external_id') === externalId);
		if (match === undefined) return { kind: 'absent' };
		return { kind: 'found', id: readId(match), requestId };
	} catch (error) {
		if (error instanceof NetworkFault)
			return { kind: 'unreadable', reason: error.message, isPassing: !error.isPermanent };
		throw error;
	}
}
