import got, { type OptionsInit, type Response } from 'got';
import { version } from '../version.ts';
import { openConnections } from './agents.ts';
import { buildTimeout, NetworkFault, translateGotError } from './network-fault.ts';

/** The network on which requests are sent. */
export type Network = Readonly<{
	proxyEnv: Readonly<Record<string, string>>;
	/** CAs to trust in addition to Node's own. */
	cas: string[] | undefined;
	/** Ends every request in progress. */
	signal: AbortSignal;
}>;

export type Request = Readonly<{
	method: 'GET' | 'POST';
	url: string;
	/** The name of the setting that contains the server's URL, for advice. */
	urlSetting: string;
	headers: Readonly<Record<string, string>>;
	body?: string;
}>;

export type RequestLimits = Readonly<{
	limitMs: number;
	/** The longest that the connection may take. Absent: as long as the request. */
	connectMs?: number;
	/** In bytes. */
	longestBody: number;
}>;

export type ReceivedResponse = Readonly<{
	status: number;
	/** The names in lower case. */
	headers: Readonly<Record<string, string | string[] | undefined>>;
	body: string;
}>;

const mebibyte = 1024 * 1024;
// All responses in progress. Fifty lists at once may not exhaust the memory of a small container.
const mostBuffered = 128 * mebibyte;
let buffered = 0;

/**
 * Sends a request and returns the complete response, whatever its status. Redirects are not followed: they would take
 * the credentials to another host. Throws a NetworkFault if no complete response arrives within the limits. A refusal
 * whose body is too long or breaks off is returned without its body.
 */
export async function sendRequest(
	request: Request,
	limits: RequestLimits,
	network: Network,
): Promise<ReceivedResponse> {
	const { limitMs, connectMs = limitMs, longestBody } = limits;
	const { proxyEnv, cas, signal } = network;
	const connections = openConnections(proxyEnv, cas);
	// Not got's timeout, which does not end a request that waits for a proxy's tunnel.
	const limit = AbortSignal.timeout(Math.ceil(limitMs));
	const connecting = new AbortController();
	const connectTimer = setTimeout(() => connections.wereReady() || connecting.abort(), connectMs);
	const stream = got.stream(request.url, {
		method: request.method,
		headers: { accept: 'application/json', 'user-agent': `alert24-notify/${version}`, ...request.headers },
		...(request.body !== undefined && { body: request.body }),
		agent: connections.agents,
		decompress: false,
		followRedirect: false,
		retry: { limit: 0 },
		signal: AbortSignal.any([signal, limit, connecting.signal]),
		throwHttpErrors: false,
	} as OptionsInit & { isStream?: true });
	let response: Response | undefined;
	stream.once('response', (received: Response) => {
		response = received;
	});
	try {
		const body = await readBody(stream, longestBody);
		if (response === undefined) throw new UnusableResponse('the response has no head');
		return { status: response.statusCode, headers: response.headers, body };
	} catch (error) {
		// The status alone is the refusal: another attempt would end like this one.
		if (response !== undefined && isRefusal(response.statusCode) && !signal.aborted) {
			return { status: response.statusCode, headers: response.headers, body: '' };
		}
		const wasAccepted = response !== undefined && isSuccess(response.statusCode);
		const state = { wasConnected: connections.wereReady(), wasAccepted, proxyEnv, urlSetting: request.urlSetting };
		if ((limit.aborted || connecting.signal.aborted) && !signal.aborted) {
			throw buildTimeout(connecting.signal.aborted ? connectMs : limitMs, state);
		}
		if (error instanceof UnusableResponse) throw new NetworkFault(error.message, { mayHaveArrived: true, wasAccepted });
		throw translateGotError(error, state);
	} finally {
		clearTimeout(connectTimer);
		stream.destroy();
		connections.close();
	}
}

/** Returns true for the statuses of a request that was carried out. */
export function isSuccess(status: number): boolean {
	return status >= 200 && status < 300;
}

function isRefusal(status: number): boolean {
	return status >= 300 && status < 500;
}

/** The response violates a limit or HTTP. */
class UnusableResponse extends Error {
	override readonly name = 'UnusableResponse';
}

async function readBody(stream: AsyncIterable<Buffer>, longestBody: number): Promise<string> {
	const chunks: Buffer[] = [];
	let length = 0;
	try {
		for await (const chunk of stream) {
			chunks.push(chunk);
			length += chunk.length;
			buffered += chunk.length;
			if (length > longestBody) throw new UnusableResponse(`the response is longer than ${longestBody / mebibyte} MiB`);
			if (buffered > mostBuffered) throw new UnusableResponse('all responses together are too long');
		}
		return Buffer.concat(chunks).toString('utf8');
	} finally {
		buffered -= length;
	}
}
