import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { LoopbackServer } from './loopback-server.ts';

/**
 * Returns a URL on this machine that refuses connections. A free port would not do: another server may get it. Port 1
 * (tcpmux) is below the ports that the system assigns. Throws if a server listens there.
 */
export async function makeRefusingUrl(scheme: 'http' | 'https' = 'http'): Promise<string> {
	const socket = connect(1, '127.0.0.1');
	try {
		await once(socket, 'connect');
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === 'ECONNREFUSED') return `${scheme}://127.0.0.1:1`;
		throw error;
	}
	socket.destroy();
	throw new Error('A server listens on 127.0.0.1:1; the tests need a port that refuses connections');
}

/** A server that resets each connection after its first bytes: under https, in the handshake. */
export class ResettingServer {
	readonly port: number;
	/** The number of connections so far. */
	connections = 0;
	readonly #listening: LoopbackServer;

	private constructor(listening: LoopbackServer) {
		this.port = listening.port;
		this.#listening = listening;
	}

	static async start(): Promise<ResettingServer> {
		const server = createServer();
		const resetting = new ResettingServer(await LoopbackServer.listen(server));
		server.on('connection', (socket) => {
			resetting.connections += 1;
			socket.once('data', () => socket.resetAndDestroy());
			socket.on('error', () => socket.destroy());
		});
		return resetting;
	}

	[Symbol.asyncDispose](): Promise<void> {
		return this.#listening.close();
	}
}
