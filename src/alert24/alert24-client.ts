import type { Change } from '../change/change-schema.ts';
import {
	type Network,
	type ReceivedResponse,
	type Request,
	type RequestLimits,
	sendRequest,
} from '../network/send-request.ts';

/** A complete response of the server. */
export type Answer = Readonly<{
	status: number;
	/** Of a POST: without secrets. Of a list: as received. */
	body: string;
	/** X-Request-Id, without secrets. */
	requestId: string | undefined;
	retryAfter: string | undefined;
}>;

export type Alert24ClientOptions = Network &
	Readonly<{
		apiUrl: URL;
		apiKey: string;
		/** Removes the secrets from a text. A server may return any text, the key included. */
		redact(text: string): string;
	}>;

/** The longest that a request and its connection may take, in milliseconds. */
export type TimeLimits = Omit<RequestLimits, 'longestBody'>;

/** The most changes that one page of the list can hold (alert24.net/docs/api-pagination). */
export const pageSize = 100;

const mebibyte = 1024 * 1024;
// Enough for the response to one change, and for a page of the longest changes in any script. An endless response ends
// here.
const longestAnswer = mebibyte;
const longestList = 32 * mebibyte;
const longestHeader = 255;
const urlSetting = 'ALERT24_API_URL';

/**
 * Alert24's changes API (alert24.net/docs/api-changes): each call sends one request. It does not follow redirects,
 * which would send the key to another host. Each method throws a NetworkFault if no complete response arrives.
 */
export class Alert24Client {
	readonly #options: Alert24ClientOptions;

	constructor(options: Alert24ClientOptions) {
		this.#options = options;
	}

	/** Removes the secrets from a text of a list. */
	redact(text: string): string {
		return this.#options.redact(text);
	}

	/** Records a change. */
	async postChange(change: Change, idempotencyKey: string, limits: TimeLimits): Promise<Answer> {
		const headers = { 'content-type': 'application/json', 'idempotency-key': idempotencyKey };
		const request = { method: 'POST', body: JSON.stringify(change), headers } as const;
		const answer = await this.#send('/api/v1/changes', request, { ...limits, longestBody: longestAnswer });
		return { ...answer, body: this.redact(answer.body) };
	}

	/**
	 * Lists changes, the newest first, from an offset on. A cache may not answer: its list would lack the newest
	 * changes.
	 */
	listChanges(offset: number, limits: TimeLimits): Promise<Answer> {
		const query = offset === 0 ? '' : `&offset=${offset}`;
		const request = { method: 'GET', headers: { 'cache-control': 'no-cache' } } as const;
		return this.#send(`/api/v1/changes?limit=${pageSize}${query}`, request, { ...limits, longestBody: longestList });
	}

	/** Lists services, from an offset on (alert24.net/docs/api-services). */
	async listServices(offset: number, limits: TimeLimits): Promise<Answer> {
		const path = `/api/v1/services?limit=${pageSize}${offset === 0 ? '' : `&offset=${offset}`}`;
		const answer = await this.#send(path, { method: 'GET', headers: {} }, { ...limits, longestBody: longestList });
		return { ...answer, body: this.redact(answer.body) };
	}

	/** Sends a change without a summary, which Alert24 cannot record. It rejects a key without write scope first. */
	async probeWriteScope(limits: TimeLimits): Promise<Answer> {
		const request = { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } } as const;
		const answer = await this.#send('/api/v1/changes', request, { ...limits, longestBody: longestAnswer });
		return { ...answer, body: this.redact(answer.body) };
	}

	async #send(
		path: string,
		request: Pick<Request, 'method' | 'headers' | 'body'>,
		limits: RequestLimits,
	): Promise<Answer> {
		const { apiUrl, apiKey } = this.#options;
		const url = `${apiUrl.href.replace(/\/$/, '')}${path}`;
		const headers = { ...request.headers, authorization: `Bearer ${apiKey}` };
		const response = await sendRequest({ ...request, url, urlSetting, headers }, limits, this.#options);
		return {
			status: response.status,
			body: response.body,
			requestId: this.#readHeader(response, 'x-request-id'),
			retryAfter: this.#readHeader(response, 'retry-after'),
		};
	}

	#readHeader({ headers }: ReceivedResponse, name: string): string | undefined {
		const header = headers[name];
		const text = Array.isArray(header) ? header[0] : header;
		return text === undefined ? undefined : this.redact(text).slice(0, longestHeader);
	}
}
