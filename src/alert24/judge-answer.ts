import { parseJson, property } from '../text/json-value.ts';
import { quote } from '../text/visible-text.ts';
import { type Answer, isSuccess } from './alert24-client.ts';

/** What an answer to a POST means. `mayHaveArrived`: the change may have been recorded although the answer says that it failed. */
export type Verdict =
	| Readonly<{ kind: 'recorded'; id: string | undefined }>
	| Readonly<{ kind: 'refused'; reason: string; mayHaveArrived: boolean }>
	| Readonly<{ kind: 'failed'; reason: string; isPermanent: boolean; mayHaveArrived: boolean }>;

const longestId = 255;

const remedies: Readonly<Record<number, string>> = {
	401: 'check ALERT24_API_KEY: it may be mistyped, expired or revoked',
	403: 'the key needs the scope write',
	404: 'check ALERT24_SERVICE_ID, that the key belongs to the same organization, and ALERT24_API_URL',
};

/** Judges an answer by its status alone; the body only gives words and the id (alert24.net/docs/api-errors). */
export function judgeAnswer(answer: Answer): Verdict {
	const { status } = answer;
	const body = parseJson(answer.body);
	if (isSuccess(status)) return { kind: 'recorded', id: readId(property(body, 'data')) };
	const reason = `Alert24 answered ${status}${describeError(body)}`;
	if (status === 407) {
		const remedy = 'check the user name and password in HTTP_PROXY';
		return { kind: 'failed', reason: `the proxy answered 407: ${remedy}`, isPermanent: true, mayHaveArrived: false };
	}
	if (status === 408 || status === 425 || status === 429 || status >= 500) {
		return { kind: 'failed', reason, isPermanent: false, mayHaveArrived: status >= 500 };
	}
	const remedy =
		status < 400 ? 'a redirect, which is not followed: ALERT24_API_URL must be the final address' : remedies[status];
	// A conflict may be one with the record that an earlier attempt made.
	const mayHaveArrived = status === 409;
	return { kind: 'refused', reason: remedy === undefined ? reason : `${reason}: ${remedy}`, mayHaveArrived };
}

/** The id of a change, where it is one that can be shown. */
export function readId(change: unknown): string | undefined {
	const id = property(change, 'id');
	if (typeof id === 'number') return String(id);
	return typeof id === 'string' && id !== '' && id.length <= longestId ? id : undefined;
}

function describeError(body: unknown): string {
	const error = property(body, 'error');
	const [type, message] = [property(error, 'type'), property(error, 'message')];
	const words = [
		typeof type === 'string' ? type : undefined,
		typeof message === 'string' ? quote(message) : undefined,
	].filter((word) => word !== undefined);
	return words.length > 0 ? ` (${words.join(': ')})` : '';
}
