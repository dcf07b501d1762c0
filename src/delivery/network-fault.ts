import { RequestError, TimeoutError } from 'got';

/** That no complete answer came back, and why. It holds words alone: got's errors carry the key in their options. */
export class NetworkFault extends Error {
	override readonly name = 'NetworkFault';
	/** No later attempt will fare better. */
	readonly isPermanent: boolean;
	/** The server may have acted on the request all the same. */
	readonly mayHaveArrived: boolean;
	/** The head of the answer said that it did, and then the rest did not come. */
	wasAccepted = false;

	constructor(message: string, facts: { isPermanent?: boolean; mayHaveArrived?: boolean } = {}) {
		super(message);
		this.isPermanent = facts.isPermanent ?? false;
		this.mayHaveArrived = facts.mayHaveArrived ?? false;
	}
}

// Codes of failures before any byte of the request was sent.
const beforeSending: Readonly<Record<string, string>> = {
	ECONNREFUSED: 'the connection was refused',
	ENOTFOUND: 'the host name is not known',
	EAI_AGAIN: 'the host name could not be looked up',
	EHOSTUNREACH: 'the host cannot be reached',
	ENETUNREACH: 'the network cannot be reached',
	EACCES: 'the connection is not permitted',
	ERR_SSL_WRONG_VERSION_NUMBER: 'the server does not speak TLS on this port',
};

const certificateCode =
	/^(CERT_|UNABLE_TO_|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|ERR_TLS_CERT_ALTNAME_INVALID|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|ERROR_IN_CERT)/;

/** Takes what got threw; gives a NetworkFault. An error of another kind is a fault of this program, and is given back as it is. */
export function translateGotError(error: unknown, limitMs: number): unknown {
	if (error instanceof TimeoutError) {
		return new NetworkFault(`no complete answer within ${describeSeconds(limitMs)}`, { mayHaveArrived: true });
	}
	if (!(error instanceof RequestError)) return error;
	const { code } = error;
	if (certificateCode.test(code)) {
		return new NetworkFault(
			`the server's certificate is not trusted (${code}); a private CA can be named by NODE_EXTRA_CA_CERTS or SSL_CERT_FILE`,
			{ isPermanent: true },
		);
	}
	if (code === 'ERR_PROXY_TUNNEL') return proxyFault(error);
	const words = beforeSending[code];
	if (words !== undefined) return new NetworkFault(`${words} (${code})`);
	if (code === 'ABORT_ERR' || error.name === 'AbortError') {
		return new NetworkFault('interrupted by a signal', { isPermanent: true, mayHaveArrived: true });
	}
	return new NetworkFault(`the connection broke (${code})`, { mayHaveArrived: true });
}

// Node says 'HTTP/1.1 407 Proxy Authentication Required' in the message, or why the proxy could not be reached.
function proxyFault(error: RequestError): NetworkFault {
	const status = /\bHTTP\/1\.\d (\d{3})/.exec(error.message)?.[1];
	if (status === undefined) return new NetworkFault('the proxy did not open a tunnel (ERR_PROXY_TUNNEL)');
	const remedy = status === '407' ? ': check the user name and password in HTTPS_PROXY' : '';
	return new NetworkFault(`the proxy refused the connection with ${status}${remedy}`, {
		isPermanent: status.startsWith('4'),
	});
}

function describeSeconds(ms: number): string {
	return `${Math.round(ms / 100) / 10} s`;
}
