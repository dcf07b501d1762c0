import { RequestError } from 'got';
import { describeCertificateFlaw } from './certificate-flaw.ts';

export type NetworkFaultFacts = Readonly<{
	/** A later attempt fails for the same reason. */
	isPermanent?: boolean;
	/** The server may have processed the request. */
	mayHaveArrived?: boolean;
	/** The time limit ended the request after it was sent: the server may still process it. */
	isTimeout?: boolean;
	/** The response began with a 2xx, and its end did not arrive. */
	wasAccepted?: boolean;
}>;

/** The reason why no complete response arrived. It contains words only: got's errors contain the API key. */
export class NetworkFault extends Error {
	override readonly name = 'NetworkFault';
	readonly isPermanent: boolean;
	readonly mayHaveArrived: boolean;
	readonly isTimeout: boolean;
	readonly wasAccepted: boolean;

	constructor(message: string, facts: NetworkFaultFacts = {}) {
		super(message);
		this.isPermanent = facts.isPermanent ?? false;
		this.mayHaveArrived = facts.mayHaveArrived ?? false;
		this.isTimeout = facts.isTimeout ?? false;
		this.wasAccepted = facts.wasAccepted ?? false;
	}
}

/** The state of a request when it failed. */
export type RequestState = Readonly<{
	/** A connection for the request was open, so that it may have been sent. */
	wasConnected: boolean;
	wasAccepted: boolean;
	proxyEnv: Readonly<Record<string, string>>;
	/** The name of the setting that contains the server's URL. */
	urlSetting: string;
}>;

// Failures before the first byte of the request was sent.
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

/** Returns the fault of a request that the time limit ended. */
export function buildTimeout(limitMs: number, { wasConnected, wasAccepted }: RequestState): NetworkFault {
	const missing = wasConnected ? 'complete response' : 'connection';
	const message = `no ${missing} within ${Math.round(limitMs / 100) / 10} s`;
	return new NetworkFault(message, { mayHaveArrived: wasConnected, isTimeout: wasConnected, wasAccepted });
}

/** Translates an error of got. An error of another kind is a fault of this program, and is returned unchanged. */
export function translateGotError(error: unknown, state: RequestState): unknown {
	if (error instanceof NetworkFault) return error;
	if (!(error instanceof RequestError)) return error;
	const { code } = error;
	const { wasAccepted, wasConnected: mayHaveArrived } = state;
	const flaw = describeCertificateFlaw(code, state.urlSetting);
	if (flaw !== undefined) return new NetworkFault(`${flaw} (${code})`, { isPermanent: true });
	if (code === 'ERR_PROXY_TUNNEL') return buildProxyFault(error);
	const describe = beforeSending[code];
	if (describe !== undefined) {
		// A fault of TLS may also occur when the request is on its way.
		const facts = { mayHaveArrived: code === 'EPROTO' && mayHaveArrived };
		return new NetworkFault(`${describe(describePeer(error, state.proxyEnv))} (${code})`, facts);
	}
	if (code === 'ABORT_ERR' || error.name === 'AbortError') {
		return new NetworkFault('interrupted by a signal', { isPermanent: true, mayHaveArrived, wasAccepted });
	}
	const words = code.startsWith('HPE_') ? 'the response is not valid HTTP' : 'the connection broke';
	return new NetworkFault(`${words} (${code})`, { mayHaveArrived, wasAccepted });
}

// Node puts 'HTTP/1.1 407 Proxy Authentication Required', or the reason why the proxy cannot be reached, into the
// message.
function buildProxyFault(error: RequestError): NetworkFault {
	const status = /\bHTTP\/1\.\d (\d{3})/.exec(error.message)?.[1];
	if (status === undefined) return new NetworkFault('the proxy did not open a tunnel (ERR_PROXY_TUNNEL)');
	const remedy = status === '407' ? ': check the user name and password in HTTPS_PROXY' : '';
	return new NetworkFault(`the proxy refused the connection with ${status}${remedy}`, {
		isPermanent: status.startsWith('4'),
	});
}

// Only the proxy's host and port are printed: the rest of its URL may be a password.
function describePeer({ cause }: RequestError, proxyEnv: Readonly<Record<string, string>>): string {
	const [first = cause] = cause instanceof AggregateError ? (cause.errors as unknown[]) : [];
	const { address, port, hostname } = first as { address?: string; port?: number; hostname?: string };
	const proxy = proxyEnv['https_proxy'] === undefined ? undefined : new URL(proxyEnv['https_proxy']);
	const isProxy =
		hostname === undefined ? portOf(proxy) === port : proxy?.hostname.toLowerCase() === hostname.toLowerCase();
	if (proxy !== undefined && isProxy) return `the proxy ${proxy.hostname}:${portOf(proxy)}`;
	if (hostname !== undefined) return `the host ${hostname}`;
	return address === undefined ? 'the server' : `${address}:${port}`;
}

function portOf(url: URL | undefined): number | undefined {
	return url && Number(url.port || (url.protocol === 'https:' ? 443 : 80));
}
