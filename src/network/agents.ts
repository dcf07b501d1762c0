import { type Agent, Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';

/** The connections of one request: agents for got, and the end of all that they opened. */
export type Connections = Readonly<{
	agents: { http: HttpAgent; https: HttpsAgent };
	/** Whether one of them was ever ready for the request: if not, nothing has been sent. */
	wereReady(): boolean;
	close(): void;
}>;

/** Opens connections through the proxies, with trust in further CAs. */
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

// Node does not end a request that still waits for its proxy's tunnel: destroying it takes effect only when the proxy answers.
function observeSockets(agent: Agent, sockets: Set<Duplex>, onReady: () => void): void {
	const connect = agent.createConnection.bind(agent);
	agent.createConnection = (options, onConnected) => {
		// A tunnel is told by the callback alone: the socket that is returned leads to the proxy.
		const socket = connect(options, (error, connected) => {
			if (error === null && connected instanceof TLSSocket) onReady();
			onConnected?.(error, connected);
		});
		if (!socket) return socket;
		sockets.add(socket);
		if (socket instanceof TLSSocket) socket.once('secureConnect', onReady);
		else if (!(agent instanceof HttpsAgent)) socket.once('connect', onReady);
		return socket;
	};
}
