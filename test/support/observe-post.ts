import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Alert24StandIn } from './alert24-stand-in.ts';

/** What a client saw of an answer. */
export type Observation = {
	status?: number;
	headers?: IncomingMessage['headers'];
	/** As much of the body as arrived. */
	body: string;
	/** When the bytes of the body arrived, by `performance.now()`. */
	bodyAtMs: number[];
	/** How it ended: a whole answer, an error's code, or `waited` when the client gave up. */
	end: string;
};

/** Posts one valid change with bare node:http and tells what came back within `patienceMs`. */
export function observePost(alert24: Alert24StandIn, patienceMs: number, ca?: string): Promise<Observation> {
	const { promise, resolve } = Promise.withResolvers<Observation>();
	const seen: Observation = { body: '', bodyAtMs: [], end: '' };
	const headers = { Authorization: `Bearer ${alert24.apiKey}`, 'Content-Type': 'application/json' };
	const send = alert24.origin.startsWith('https:') ? httpsRequest : httpRequest;
	const request = send(`${alert24.url}/api/v1/changes`, { method: 'POST', headers, ca, agent: false });
	const end = (how: string) => {
		clearTimeout(patience);
		seen.end ||= how;
		request.destroy();
		resolve(seen);
	};
	const patience = setTimeout(end, patienceMs, 'waited');
	request.on('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
	request.on('response', (response) => {
		seen.status = response.statusCode ?? 0;
		seen.headers = response.headers;
		response.setEncoding('utf8');
		response.on('data', (text: string) => {
			seen.body += text;
			seen.bodyAtMs.push(performance.now());
		});
		response.on('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
		response.on('end', () => end('whole'));
	});
	request.end(JSON.stringify({ summary: 'Deployed shop', external_id: 'gitlab:1' }));
	return promise;
}
