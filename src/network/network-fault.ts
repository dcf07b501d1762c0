import { RequestError } from 'got';
import { describeCertificateFlaw } from './certificate-flaw.ts';

/** That no complete answer came back, and why. It holds words alone: got's errors carry the key in their options. */
export class NetworkFault extends Error {
	override readonly name = 'NetworkFault';
	/** No later attempt will fare better. */
	readonly isPermanent: boolean;
	/** The server may have acted on the request all the same. */
	mayHaveArrived: boolean;
	/** The head of the answer said that it did, and then the rest did not come. */
	wasAccepted = false;

	constructor(message: string, facts: { isPermanent?: boolean; mayHaveArrived?: boolean } = {}) {
		super(message);
		this.isPermanent = facts.isPermanent ?? false;
		this.mayHaveArrived = facts.mayHaveArrived ?? false;
	}
}

// Codes of failures before any byte of the request was sent, as a sentence about where the connection went.
const beforeSending: Readonly<Record<string, (peer: string) => string>> = {
	ECONNREFUSED: (peer) => `the connection to ${peer} was refused`,
	ENOTFOUND: (peer) => `the name of ${peer} is not known`,
	EAI_AGAIN: (peer) => `the name of ${peer} could not be looked up`,
	EHOSTUNREACH: (peer) => `${peer} cannot be reached`,
	ENETUNREACH: (peer) => `the network of ${peer} cannot be reached`,
	EACCES: (peer) => `the connection to ${peer} is not permitted`,
	ERR_SSL_WRONG_VERSION_NUMBER: (peer) => `${peer} does not speak TLS on this port`,
	EPROTO: (peer) => `no TLS connection to ${peer} could be agreed on`,
};

/** That the time for a request was over first; `what` did not come. */
export function buildTimeOut(what: string, limitMs: number): NetworkFault {
	return new NetworkFault(`no ${what} within ${Math.round(limitMs / 100) / 10} s`, { mayHaveArrived: true });
}

/**
 * Takes what got threw and the proxies that are set; gives a NetworkFault. An error of another kind is a fault of this program, and is given
 * back as it is.
 */
export function translateGotError(error: unknown, proxyEnv: Readonly<Record<string, string>>): unknown {
	if (!(error instanceof RequestError)) return error;
	const { code } = error;
	const flaw = describeCertificateFlaw(code);
	if (flaw !== undefined) return new NetworkFault(`${flaw} (${code})`, { isPermanent: true });
	if (code === 'ERR_PROXY_TUNNEL') return buildProxyFault(error);
	const describe = beforeSending[code];
	if (describe !== undefined) {
		// A fault of TLS may also come when the request is on its way.
		const mayHaveArrived = code === 'EPROTO';
		return new NetworkFault(`${describe(describePeer(error, proxyEnv))} (${code})`, { mayHaveArrived });
	}
	if (code === 'ABORT_ERR' || error.name === 'AbortError') {
		return new NetworkFault('interrupted by a signal', { isPermanent: true, mayHaveArrived: true });
	}
	const words = code.startsWith('HPE_') ? 'the answer is not HTTP as it should be' : 'the connection broke';
	return new NetworkFault(`${words} (${code})`, { mayHaveArrived: true });
}

// Node says 'HTTP/1.1 407 Proxy Authentication Required' in the message, or why the proxy could not be reached.
function buildProxyFault(error: RequestError): NetworkFault {
	const status = /\bHTTP\/1\.\d (\d{3})/.exec(error.message)?.[1];
	if (status === undefined) return new NetworkFault('the proxy did not open a tunnel (ERR_PROXY_TUNNEL)');
	const remedy = status === '407' ? ': check the user name and password in HTTPS_PROXY' : '';
	return new NetworkFault(`the proxy refused the connection with ${status}${remedy}`, {
		isPermanent: status.startsWith('4'),
	});
}

// Only the proxy's host and port are told: the rest of its URL may be a password.
function describePeer({ cause }: RequestError, proxyEnv: Readonly<Record<string, string>>): string {
	const [first = cause] = cause instanceof AggregateError ? (cause.errors as unknown[]) : [];
	const { address, port, hostname } = first as { address?: string; port?: number; hostname?: string };
	const proxies = ['https_proxy', 'http_proxy'].flatMap((name) => proxyEnv[name] ?? []).map((url) => new URL(url));
	const proxy = proxies.find((url) =>
		hostname === undefined ? portOf(url) === port : url.hostname.toLowerCase() === hostname.toLowerCase(),
	);
	if (proxy !== undefined) return `the proxy ${proxy.hostname}:${portOf(proxy)}`;
	if (hostname !== undefined) return `the host ${hostname}`;
	return address === undefined ? 'the server' : `${address}:${port}`;
}

function portOf({ port, protocol }: URL): number {
	return Number(port || (protocol === 'https:' ? 443 : 80));
}
