import { once } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';

/** A server on a free port of 127.0.0.1 that can close or reset each of its connections. */
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

	/** The number of open connections. */
	get connections(): number {
		return this.#sockets.size;
	}

	/** Resets the connection from this port of the client. It works below TLS, since a TLS socket cannot reset. */
	reset(remotePort: number | undefined): void {
		for (const socket of this.#sockets) if (socket.remotePort === remotePort) socket.resetAndDestroy();
	}

	/** Closes every connection at once. */
	async close(): Promise<void> {
		if (!this.#server.listening) return;
		const closed = once(this.#server, 'close');
		this.#server.close();
		for (const socket of this.#sockets) socket.destroy();
		await closed;
	}
}
