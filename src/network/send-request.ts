import got, { type OptionsInit, type Response } from 'got';
import { version } from '../version.ts';
import { openConnections } from './agents.ts';
import { buildTimeOut, NetworkFault, translateGotError } from './network-fault.ts';

/** The network on which requests are sent. */
export type Network = Readonly<{
	proxyEnv: Readonly<Record<string, string>>;
	/** Trusted in addition to Node's own. */
	cas: string[] | undefined;
	/** Aborts the requests under way. */
	signal: AbortSignal;
}>;

export type RequestLimits = Readonly<{ limitMs: number; longestBody: number }>;

export type ReceivedResponse = Readonly<{
	status: number;
	/** The names in lower case. */
	headers: Readonly<Record<string, string | string[] | undefined>>;
	body: string;
}>;

const mebibyte = 1024 * 1024;

/**
 * Sends a GET and returns the complete response, whatever its status. Redirects are not followed: they would take the credentials elsewhere.
 * Throws a NetworkFault if no complete response arrives within the limits.
 */
export async function sendGet(
	url: string,
	headers: Readonly<Record<string, string>>,
	{ limitMs, longestBody }: RequestLimits,
	{ proxyEnv, cas, signal }: Network,
): Promise<ReceivedResponse> {
	const limit = AbortSignal.timeout(Math.ceil(limitMs));
	const connections = openConnections(proxyEnv, cas);
	const stream = got.stream(url, {
		headers: { accept: 'application/json', 'user-agent': `alert24-notify/${version}`, ...headers },
		agent: connections.agents,
		decompress: false,
		followRedirect: false,
		retry: { limit: 0 },
		signal: AbortSignal.any([signal, limit]),
		throwHttpErrors: false,
	} as OptionsInit & { isStream?: true });
	let response: Response | undefined;
	stream.once('response', (received: Response) => {
		response = received;
	});
	try {
		const body = await readBody(stream, longestBody);
		if (response === undefined) throw new NetworkFault('the response has no head');
		return { status: response.statusCode, headers: response.headers, body };
	} catch (error) {
		if (limit.aborted && !signal.aborted) {
			throw buildTimeOut(connections.wereReady() ? 'complete response' : 'connection', limitMs);
		}
		throw translateGotError(error, proxyEnv);
	} finally {
		stream.destroy();
		connections.close();
	}
}

async function readBody(stream: AsyncIterable<Buffer>, longestBody: number): Promise<string> {
	const chunks: Buffer[] = [];
	let length = 0;
	for await (const chunk of stream) {
		chunks.push(chunk);
		length += chunk.length;
		if (length > longestBody) throw new NetworkFault(`the response is longer than ${longestBody / mebibyte} MiB`);
	}
	return Buffer.concat(chunks).toString('utf8');
}
