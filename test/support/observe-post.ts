import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Alert24StandIn } from '../../stand-in/alert24-stand-in.ts';

/** The part of a response that a client received. */
export type Observation = {
	status?: number;
	headers?: IncomingMessage['headers'];
	/** As much of the body as arrived. */
	body: string;
	/**
	 * `whole` for a whole response, the code of an error (its message for a lost connection), or `waited` after a
	 * timeout.
	 */
	end: string;
};

export type Patience = {
	/** The longest wait for the headers after the stand-in received the request. */
	readonly headersMs?: number;
	/** The longest wait for the end of the body after the headers. */
	readonly bodyMs?: number;
	/** The CA that the client trusts. */
	readonly ca?: string;
};

/** Posts one valid change with bare node:http, and returns what came back. */
export function observePost(alert24: Alert24StandIn, patience: Patience = {}): Promise<Observation> {
	const { headersMs = 10_000, bodyMs = 10_000, ca } = patience;
	const { promise, resolve } = Promise.withResolvers<Observation>();
	const seen: Observation = { body: '', end: '' };
	const headers = { Authorization: `Bearer ${alert24.apiKey}`, 'Content-Type': 'application/json' };
	const send = alert24.origin.startsWith('https:') ? httpsRequest : httpRequest;
	const request = send(`${alert24.url}/api/v1/changes`, { method: 'POST', headers, ca, agent: false });
	let timer: NodeJS.Timeout | undefined;
	const end = (how: string) => {
		clearTimeout(timer);
		seen.end ||= how;
		request.destroy();
		resolve(seen);
	};
	const waitFor = (ms: number) => {
		clearTimeout(timer);
		if (seen.end === '') timer = setTimeout(end, ms, 'waited');
	};
	void alert24.nthRequest(alert24.requests.length + 1).then(() => seen.status ?? waitFor(headersMs));
	request.on('error', (error) => end(describe(error)));
	request.on('response', (response) => {
		waitFor(bodyMs);
		seen.status = response.statusCode ?? 0;
		seen.headers = response.headers;
		response.setEncoding('utf8');
		response.on('data', (text: string) => {
			seen.body += text;
		});
		response.on('error', (error) => end(describe(error)));
		response.on('end', () => end('whole'));
	});
	request.end(JSON.stringify({ summary: 'Deployed shop', external_id: 'gitlab:1' }));
	return promise;
}

/** Node reports ECONNRESET also for a closed connection; only its message differs from that of a reset. */
function describe({ code, message }: NodeJS.ErrnoException): string {
	return code === undefined || code === 'ECONNRESET' ? message : code;
}
