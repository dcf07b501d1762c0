import { createServer, type IncomingHttpHeaders, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { LoopbackServer } from './loopback-server.ts';

export type HttpProxyOptions = {
	/** Requests without these get a 407. */
	readonly credentials?: { readonly username: string; readonly password: string };
	/** Every request gets this status, such as 403 or 502; with `silence` none gets a response. */
	readonly refuse?: number | 'silence';
	/** The ports of 127.0.0.1 that replace a host and port, such as `{ 'app.alert24.net:443': 40000 }`. */
	readonly routes?: Readonly<Record<string, number>>;
};

export type ProxyRequest = {
	readonly method: string;
	/** `host:port` of a CONNECT, otherwise a whole URL. */
	readonly target: string;
	readonly headers: IncomingHttpHeaders;
};

const hopByHop = ['proxy-authorization', 'proxy-connection', 'connection', 'keep-alive', 'te', 'upgrade'];

/**
 * Starts an HTTP proxy (RFC 9110 9.3.6 and RFC 9112 3.2.2) on a free port of 127.0.0.1, for http and for CONNECT. It
 * connects only to this machine: a host outside its routes gets a 502.
 */
export async function startHttpProxy(options: HttpProxyOptions = {}): Promise<HttpProxy> {
	const server = createServer();
	const proxy = new HttpProxy(options, await LoopbackServer.listen(server));
	server.on('request', (incoming, response) => proxy.forward(incoming, response));
	server.on('connect', (incoming, socket, head) => proxy.tunnel(incoming, socket, head));
	return proxy;
}

export class HttpProxy {
	/** The value of `HTTPS_PROXY` and similar variables, without credentials. */
	readonly url: string;
	/** The same with the credentials. */
	readonly urlWithCredentials: string;
	/** Every request, also the refused ones. */
	readonly requests: ProxyRequest[] = [];
	readonly #options: HttpProxyOptions;
	readonly #listening: LoopbackServer;

	constructor(options: HttpProxyOptions, listening: LoopbackServer) {
		const { username = '', password = '' } = options.credentials ?? {};
		this.#options = options;
		this.#listening = listening;
		this.url = `http://127.0.0.1:${listening.port}`;
		const userinfo = `${encodeURIComponent(username)}:${encodeURIComponent(password)}@`;
		this.urlWithCredentials = this.url.replace('//', options.credentials === undefined ? '//' : `//${userinfo}`);
	}

	/** Forwards a request whose target is a whole URL. */
	forward(incoming: IncomingMessage, response: ServerResponse): void {
		const target = incoming.url ?? '';
		const refusal = this.#remember(incoming) ?? (URL.canParse(target) ? undefined : 400);
		if (refusal === 'silence') return;
		const port = refusal === undefined ? this.#findPort(new URL(target).host, 80) : undefined;
		if (port === undefined)
			return void response.writeHead(refusal ?? 502, challenge(refusal)).end('refused by the proxy\n');

		const { pathname, search, host } = new URL(target);
		const headers = Object.entries({ ...incoming.headers, host }).filter(([name]) => !hopByHop.includes(name));
		const options = { host: '127.0.0.1', port, method: incoming.method, path: pathname + search, agent: false };
		const outgoing = request({ ...options, headers: Object.fromEntries(headers) });
		outgoing.on('response', (answer) => {
			response.writeHead(answer.statusCode ?? 502, answer.headers);
			answer.pipe(response);
			answer.on('error', () => response.destroy());
		});
		outgoing.on('error', () => (response.headersSent ? response.destroy() : response.writeHead(502).end()));
		response.on('close', () => outgoing.destroy());
		incoming.pipe(outgoing);
	}

	/** Responds to CONNECT, then copies bytes in both directions. */
	tunnel(incoming: IncomingMessage, client: Duplex, head: Buffer): void {
		client.on('error', () => client.destroy());
		const refusal = this.#remember(incoming);
		if (refusal === 'silence') return;
		const port = refusal === undefined ? this.#findPort(incoming.url ?? '', 443) : undefined;
		if (port === undefined) {
			refuseTunnel(client, refusal ?? 502);
			return;
		}
		const upstream = connect(port, '127.0.0.1');
		let isOpen = false;
		upstream.on('connect', () => {
			isOpen = true;
			client.write('HTTP/1.1 200 Connection established\r\n\r\n');
			upstream.write(head);
			client.pipe(upstream).pipe(client);
		});
		upstream.on('error', () => (isOpen ? client.destroy() : refuseTunnel(client, 502)));
		client.on('close', () => upstream.destroy());
	}

	/** Closes every connection at once. */
	close(): Promise<void> {
		return this.#listening.close();
	}

	[Symbol.asyncDispose](): Promise<void> {
		return this.close();
	}

	#remember({ method = '', url = '', headers }: IncomingMessage): number | 'silence' | undefined {
		this.requests.push({ method, target: url, headers });
		const { credentials, refuse } = this.#options;
		if (refuse !== undefined || credentials === undefined) return refuse;
		const expected = Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64');
		return headers['proxy-authorization'] === `Basic ${expected}` ? undefined : 407;
	}

	/** Returns the port of 127.0.0.1 that replaces the host, or undefined for a host outside this machine. */
	#findPort(host: string, defaultPort: number): number | undefined {
		const [, name = '', port = `${defaultPort}`] = /^(.*?)(?::(\d+))?$/.exec(host) ?? [];
		const isThisMachine = name === 'localhost' || name === '127.0.0.1';
		return this.#options.routes?.[`${name}:${port}`] ?? (isThisMachine ? Number(port) : undefined);
	}
}

function challenge(status: number | undefined): Record<string, string> {
	return status === 407 ? { 'Proxy-Authenticate': 'Basic realm="proxy"' } : {};
}

function refuseTunnel(client: Duplex, status: number): void {
	const lines = Object.entries(challenge(status)).map(([name, value]) => `${name}: ${value}\r\n`);
	client.end(`HTTP/1.1 ${status} Refused\r\n${lines.join('')}Content-Length: 0\r\nConnection: close\r\n\r\n`);
}
