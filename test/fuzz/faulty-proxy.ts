import { connect, createServer, type Socket } from 'node:net';
import { LoopbackServer } from '../../stand-in/loopback-server.ts';

/** The ways in which a proxy can respond to CONNECT. `open` opens the tunnel. */
export const tunnels = {
	open: (client: Socket, port: number) => openTunnel(client, port, ['HTTP/1.1 200 OK\r\n\r\n']),
	piecemeal: (client: Socket, port: number) =>
		openTunnel(client, port, ['HTTP/1.', '1 200 OK\r\n', 'X-Piece: 1\r\n', 'X-Piece: 2\r\n', '\r', '\n']),
	'with a body': (client: Socket, port: number) =>
		openTunnel(client, port, ['HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n']),
	'to a closed port': (client: Socket) => openTunnel(client, 1, ['HTTP/1.1 200 OK\r\n\r\n']),
	forbidden: (client: Socket) => refuse(client, '403 Forbidden'),
	unauthenticated: (client: Socket) => refuse(client, '407 Proxy Authentication Required'),
	'bad gateway': (client: Socket) => refuse(client, '502 Bad Gateway'),
	unavailable: (client: Socket) => refuse(client, '503 Service Unavailable'),
	'gateway timeout': (client: Socket) => refuse(client, '504 Gateway Timeout'),
	'a redirect': (client: Socket) => refuse(client, '302 Found\r\nLocation: https://login.example.com/'),
	'an odd status': (client: Socket) => refuse(client, '999 Odd'),
	'a sign-in page': (client: Socket) =>
		client.end('HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>Sign in, please</html>'),
	silence: () => undefined,
	reset: (client: Socket) => client.resetAndDestroy(),
	'hang-up': (client: Socket) => client.end(),
	'half a head': (client: Socket) => client.end('HTTP/1.1 200 O'),
	'not HTTP': (client: Socket) => client.end('SSH-2.0-OpenSSH_9.2\r\n'),
	'an endless head': (client: Socket) => {
		const padding = `X-Padding: ${'x'.repeat(1000)}\r\n`.repeat(16);
		const write = () => {
			while (!client.destroyed && client.write(padding));
		};
		client.on('drain', write);
		client.write('HTTP/1.1 200 OK\r\n');
		write();
	},
	'a trickling head': (client: Socket) => {
		client.write('HTTP/1.1 200 OK\r\n');
		const timer = setInterval(() => client.write('x'), 20);
		client.on('close', () => clearInterval(timer));
	},
	'a reset after the tunnel opened': (client: Socket) => {
		client.write('HTTP/1.1 200 OK\r\n\r\n', () => client.resetAndDestroy());
	},
	'a hang-up in the handshake': (client: Socket) => {
		client.write('HTTP/1.1 200 OK\r\n\r\n');
		client.once('data', () => client.end());
	},
	'a server without TLS': (client: Socket) => {
		client.write('HTTP/1.1 200 OK\r\n\r\n');
		client.once('data', () => client.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
	},
} as const satisfies Readonly<Record<string, (client: Socket, port: number) => unknown>>;

export type Tunnel = keyof typeof tunnels;

/**
 * An HTTP proxy on a free port of 127.0.0.1. Each of its first connections gets one of the tunnels, each later one
 * `last`.
 */
export async function startFaultyProxy(
	first: readonly Tunnel[],
	last: Tunnel,
	targetPort: number,
): Promise<AsyncDisposable & { readonly port: number }> {
	const waiting = [...first];
	const server = createServer((client) => {
		client.on('error', () => client.destroy());
		let head = '';
		const read = (bytes: Buffer) => {
			head += bytes.toString('latin1');
			if (!head.includes('\r\n\r\n')) return;
			client.off('data', read);
			tunnels[waiting.shift() ?? last](client, targetPort);
		};
		client.on('data', read);
	});
	const listening = await LoopbackServer.listen(server);
	return { port: listening.port, [Symbol.asyncDispose]: () => listening.close() };
}

function openTunnel(client: Socket, port: number, pieces: readonly string[]): void {
	const upstream = connect(port, '127.0.0.1');
	upstream.on('error', () => client.destroy());
	client.on('close', () => upstream.destroy());
	client.setNoDelay(true);
	client.pipe(upstream);
	const [piece = '', ...others] = pieces;
	const send = (text: string, rest: readonly string[]): void => {
		client.write(text, () => {
			const [next, ...later] = rest;
			if (next === undefined) upstream.pipe(client);
			else setTimeout(send, 2, next, later);
		});
	};
	upstream.on('connect', () => send(piece, others));
}

function refuse(client: Socket, status: string): void {
	client.end(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
}
