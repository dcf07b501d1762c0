import { once } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';

/** A server on a free port of 127.0.0.1 that knows its connections. */
export class LoopbackServer {
	readonly #server: Server;
	readonly #sockets = new Set<Socket>();

	private constructor(server: Server) {
		this.#server = server;
		server.on('connection', (socket: Socket) => {
			this.#sockets.add(socket);
			socket.once('close', () => this.#sockets.delete(socket));
		});
	}

	static async listen(server: Server): Promise<LoopbackServer> {
		const listening = new LoopbackServer(server);
		server.listen(0, '127.0.0.1');
		await once(server, 'listening');
		return listening;
	}

	get port(): number {
		return (this.#server.address() as AddressInfo).port;
	}

	/** How many connections are open. */
	get connections(): number {
		return this.#sockets.size;
	}

	/** Resets the connection that comes from this port of the client: below TLS, where a reset is possible. */
	reset(remotePort: number | undefined): void {
		for (const socket of this.#sockets) if (socket.remotePort === remotePort) socket.resetAndDestroy();
	}

	/** Ends at once, whatever is open. */
	async close(): Promise<void> {
		if (!this.#server.listening) return;
		const closed = once(this.#server, 'close');
		this.#server.close();
		for (const socket of this.#sockets) socket.destroy();
		await closed;
	}
}
