import { type Agent, Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';

/** The connections of one request: got's agents, and the end of every connection that they opened. */
export type Connections = Readonly<{
	agents: { http: HttpAgent; https: HttpsAgent };
	/** Returns false as long as nothing can have been sent, because no connection was ready for the request. */
	wereReady(): boolean;
	close(): void;
}>;

/** Opens connections through the proxies, with trust in additional CAs. */
export function openConnections(proxyEnv: Record<string, string>, ca: string[] | undefined): Connections {
	const sockets = new Set<Duplex>();
	const http = new HttpAgent({ proxyEnv });
	const https = new HttpsAgent({ proxyEnv, ...(ca && { ca }) });
	let areReady = false;
	for (const agent of [http, https]) {
		observeSockets(agent, sockets, () => {
			areReady = true;
		});
	}
	return {
		agents: { http, https },
		wereReady: () => areReady,
		close: () => {
			for (const socket of sockets) socket.destroy();
		},
	};
}

// Node does not end a request that waits for its proxy's tunnel: `destroy` takes effect only when the proxy responds.
function observeSockets(agent: Agent, sockets: Set<Duplex>, onReady: () => void): void {
	const connect = agent.createConnection.bind(agent);
	agent.createConnection = (options, onConnected) => {
		// Only the callback receives the tunnel: the returned socket leads to the proxy.
		const socket = connect(options, (error, connected) => {
			if (error === null && connected instanceof TLSSocket) onReady();
			onConnected?.(error, connected);
		});
		if (!socket) return socket;
		sockets.add(socket);
		dropRepeatedListeners(socket);
		if (socket instanceof TLSSocket) socket.once('secureConnect', onReady);
		else if (!(agent instanceof HttpsAgent)) socket.once('connect', onReady);
		return socket;
	};
}

// Node adds its listener for the response to CONNECT again for each piece, and each listener adds itself again: 27
// pieces need 4 GB.
function dropRepeatedListeners(socket: Duplex): void {
	socket.on('newListener', (event, listener) => {
		if (event === 'readable') socket.removeListener('readable', listener);
	});
}
