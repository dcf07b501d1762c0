import { createServer } from 'node:net';
import { LoopbackServer } from './loopback-server.ts';

/** A URL on this machine where nobody listens: connections are refused. */
export async function makeRefusingUrl(scheme: 'http' | 'https' = 'http'): Promise<string> {
	const server = await LoopbackServer.listen(createServer());
	const { port } = server;
	await server.close();
	return `${scheme}://127.0.0.1:${port}`;
}

/** A server that resets each connection at its first bytes: under https, in the handshake. */
export class ResettingServer {
	readonly port: number;
	/** How many connections there have been. */
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
