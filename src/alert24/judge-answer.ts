import { isSuccess } from '../network/send-request.ts';
import { parseJson, property } from '../text/json-value.ts';
import { truncate } from '../text/truncate.ts';
import { makeVisible, quote } from '../text/visible-text.ts';
import type { Answer } from './alert24-client.ts';

/**
 * The meaning of the response to a POST. `mayHaveArrived`: the change may be recorded although the response reports a
 * failure.
 */
export type Verdict =
	| Readonly<{ kind: 'recorded'; id: string | undefined; url: string | undefined }>
	/** A 2xx that does not come from Alert24, or that reports an error. */
	| Readonly<{ kind: 'unconfirmed'; reason: string }>
	| Readonly<{ kind: 'refused'; reason: string; mayHaveArrived: boolean }>
	/** `isTimeout`: a server between may have ended the request while Alert24 still processes it. */
	| Readonly<{
			kind: 'failed';
			reason: string;
			isPermanent: boolean;
			mayHaveArrived: boolean;
			isTimeout: boolean;
	  }>;

const longestId = 255;
const longestUrl = 2048;
const longestType = 100;
// Markup may precede the words of a page, but not without end.
const longestPage = 16_384;
const longestFirstWords = 100;

const redirectRemedy = 'a redirect, which is not followed: ALERT24_API_URL must be the final address';
const remedies: Readonly<Record<number, string>> = {
	401: 'check ALERT24_API_KEY: it may be mistyped, expired or revoked',
	403: 'the key needs the scope write',
	404: 'check ALERT24_SERVICE_ID, that the key belongs to the same organization, and ALERT24_API_URL',
};

/** Judges the response to a POST by its status, and a 2xx also by its body (alert24.net/docs/api-errors). */
export function judgeAnswer(answer: Answer): Verdict {
	const { status } = answer;
	const body = parseJson(answer.body);
	if (isSuccess(status)) return judgeSuccess(answer, body);
	const reason = `Alert24 answered ${status}${describeError(body)}`;
	const failed = {
		kind: 'failed',
		reason,
		isPermanent: false,
		mayHaveArrived: status >= 500,
		isTimeout: false,
	} as const;
	// 524 is Cloudflare's own 504.
	if (status === 504 || status === 524) return { ...failed, isTimeout: true };
	if (status === 408 || status === 425 || status === 429 || status >= 500) return failed;
	const remedy = status < 400 ? redirectRemedy : remedies[status];
	// The record of an earlier attempt may be the reason for a conflict.
	return { kind: 'refused', reason: remedy ? `${reason}: ${remedy}` : reason, mayHaveArrived: status === 409 };
}

/** Returns the id of a change if it can be shown. */
export function readId(change: unknown): string | undefined {
	const id = property(change, 'id');
	if (typeof id === 'number') return String(id);
	return typeof id === 'string' && id !== '' && id.length <= longestId ? id : undefined;
}

/** Returns the page of a change if its entry names one. Alert24 documents no field for it. */
export function readUrl(change: unknown): string | undefined {
	const url = property(change, 'url') ?? property(change, 'html_url');
	return typeof url === 'string' && url.length <= longestUrl && /^https?:\/\/[!-~]+$/.test(url) ? url : undefined;
}

// A proxy, a captive portal or a sign-in page also responds with 200.
function judgeSuccess({ status, body: text, requestId }: Answer, body: unknown): Verdict {
	const data = property(body, 'data');
	const isConfirmed = (data !== undefined && data !== null) || (requestId !== undefined && !reportsError(body, text));
	if (isConfirmed) return { kind: 'recorded', id: readId(data), url: readUrl(data) };
	return { kind: 'unconfirmed', reason: `the answer ${status} does not confirm the change: ${describePage(text)}` };
}

/** Returns a body that does not come from Alert24 in a few words: `a page that begins with "Please sign in"`. */
export function describePage(body: string): string {
	const words = readFirstWords(body);
	return words === '' ? 'an empty page' : `a page that begins with ${quote(words)}`;
}

function reportsError(body: unknown, text: string): boolean {
	if (body === undefined) return text.includes('"error"');
	return property(body, 'error') !== undefined || property(body, 'success') === false;
}

/** Returns the first words of a page, without its markup. */
function readFirstWords(page: string): string {
	const words = page
		.slice(0, longestPage)
		.replace(/<(script|style)\b[\s\S]*?<\/\1>|<!--[\s\S]*?-->|<[^>]*>/gi, ' ')
		.replace(/\s+/g, ' ')
		.trim();
	return truncate(words, longestFirstWords);
}

function describeError(body: unknown): string {
	const error = property(body, 'error');
	const [type, message] = [property(error, 'type'), property(error, 'message')];
	const words = [
		typeof type === 'string' ? makeVisible(truncate(type, longestType)) : undefined,
		typeof message === 'string' ? quote(message) : undefined,
	].filter((word) => word !== undefined);
	return words.length > 0 ? ` (${words.join(': ')})` : '';
}
