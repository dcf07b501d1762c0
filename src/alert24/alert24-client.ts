import got, { type OptionsInit, type Response } from 'got';
import type { Change } from '../change/change-schema.ts';
import { openConnections } from '../network/agents.ts';
import { limitTime } from '../network/limit-time.ts';
import { buildTimeOut, NetworkFault, translateGotError } from '../network/network-fault.ts';
import { version } from '../version.ts';

/** A complete answer of the server. */
export type Answer = Readonly<{
	status: number;
	body: string;
	requestId: string | undefined;
	retryAfter: string | undefined;
}>;

export type Alert24ClientOptions = Readonly<{
	apiUrl: URL;
	apiKey: string;
	proxyEnv: Record<string, string>;
	/** Trusted besides Node's own. */
	cas: string[] | undefined;
	/** Ends what is under way. */
	signal: AbortSignal;
}>;

const mebibyte = 1024 * 1024;
/** More than Alert24's answer to one change needs, and to a list of a hundred with long messages. An endless one is broken off here. */
const longestAnswer = mebibyte;
const longestList = 4 * mebibyte;

/** Alert24's changes API (alert24.net/docs/api-changes): one call, one request. Redirects are not followed: they would take the key elsewhere. */
export class Alert24Client {
	readonly #options: Alert24ClientOptions;

	constructor(options: Alert24ClientOptions) {
		this.#options = options;
	}

	/** Logs a change. Throws a NetworkFault when no complete answer comes. */
	postChange(change: Change, idempotencyKey: string, limitMs: number): Promise<Answer> {
		const headers = { 'content-type': 'application/json', 'idempotency-key': idempotencyKey };
		return this.#request(
			'/api/v1/changes',
			{ method: 'POST', body: JSON.stringify(change), headers },
			limitMs,
			longestAnswer,
		);
	}

	/** Lists the newest changes, as many as one page holds (alert24.net/docs/api-pagination). Throws a NetworkFault when no complete answer comes. */
	listChanges(limitMs: number): Promise<Answer> {
		return this.#request('/api/v1/changes?limit=100', { method: 'GET' }, limitMs, longestList);
	}

	async #request(path: string, request: OptionsInit, limitMs: number, longestBody: number): Promise<Answer> {
		const { apiUrl, apiKey, proxyEnv, cas, signal } = this.#options;
		// Not got's time-out: a request that waits for a proxy's tunnel is not ended by it.
		const limit = limitTime(limitMs);
		const connections = openConnections(proxyEnv, cas);
		const stream = got.stream(`${apiUrl.href.replace(/\/$/, '')}${path}`, {
			...request,
			headers: {
				...request.headers,
				accept: 'application/json',
				authorization: `Bearer ${apiKey}`,
				'user-agent': `alert24-notify/${version}`,
			},
			agent: connections.agents,
			decompress: false,
			followRedirect: false,
			retry: { limit: 0 },
			signal: AbortSignal.any([signal, limit.signal]),
			throwHttpErrors: false,
		} as OptionsInit & { isStream?: true });
		let response: Response | undefined;
		stream.once('response', (answered: Response) => {
			response = answered;
		});
		try {
			const body = await readBody(stream, longestBody);
			if (response === undefined) throw new NetworkFault('the answer had no head', { mayHaveArrived: true });
			return {
				status: response.statusCode,
				body,
				requestId: first(response.headers['x-request-id']),
				retryAfter: first(response.headers['retry-after']),
			};
		} catch (error) {
			const isLate = limit.signal.aborted && !signal.aborted;
			const missing = connections.wereReady() ? 'complete answer' : 'connection';
			const fault = isLate ? buildTimeOut(missing, limitMs) : translateGotError(error, proxyEnv);
			if (fault instanceof NetworkFault) {
				fault.mayHaveArrived &&= connections.wereReady();
				fault.wasAccepted = response !== undefined && isSuccess(response.statusCode);
			}
			throw fault;
		} finally {
			limit.clear();
			stream.destroy();
			connections.close();
		}
	}
}

/** Whether a status says that the request was carried out. */
export function isSuccess(status: number): boolean {
	return status >= 200 && status < 300;
}

async function readBody(stream: AsyncIterable<Buffer>, longestBody: number): Promise<string> {
	const chunks: Buffer[] = [];
	let length = 0;
	for await (const chunk of stream) {
		chunks.push(chunk);
		length += chunk.length;
		if (length > longestBody) {
			throw new NetworkFault(`the answer is longer than ${longestBody / mebibyte} MiB`, { mayHaveArrived: true });
		}
	}
	return Buffer.concat(chunks).toString('utf8');
}

function first(header: string | string[] | undefined): string | undefined {
	return Array.isArray(header) ? header[0] : header;
}
