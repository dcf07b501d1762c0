import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type ApiResponse, errorResponse } from './alert24-api.ts';
import { answerStatus, type Fault, type FaultBody } from './alert24-faults.ts';

export type Exchange = Readonly<{
	request: IncomingMessage;
	response: ServerResponse;
	/** The response without the fault. */
	healthy: ApiResponse;
	/** The base URL of an endless chain of redirects. */
	url: string;
	/** Resets the connection, below TLS if there is TLS. */
	reset: () => void;
}>;

const json = 'application/json; charset=utf-8';
const page =
	'<!DOCTYPE html>\n<html><head><title>Error</title></head><body><h1>Something is wrong</h1></body></html>\n';

/** Responds to a request, which has been read, as its fault demands. Resolves after the last write. */
export async function playFault(fault: Fault, exchange: Exchange): Promise<void> {
	const { request, response, healthy } = exchange;
	const status = answerStatus(fault) ?? healthy.status;
	const respond = (body: FaultBody) => writeResponse(response, status, body);
	switch (fault.kind) {
		case 'none':
		case 'slow-record':
			return respond({ json: healthy.body });
		case 'cached':
			response.setHeader('Age', '60');
			return respond({ json: healthy.body });
		case 'late':
			return respondLater(response, fault.delayMs, () => respond({ json: healthy.body }));
		case 'status':
			if (fault.isForeign) response.removeHeader('X-Request-Id');
			return writeResponse(response, status, fault.body ?? (status >= 400 ? 'error' : 'empty'), fault.headers);
		case 'redirect':
			return writeResponse(response, status, 'empty', { Location: findTarget(fault.to, exchange) });
		case 'reset':
			return playReset(fault.when, status, exchange);
		case 'hang-up':
			request.socket.end();
			return;
		case 'not-http':
			request.socket.end('SSH-2.0-OpenSSH_9.2\r\n');
			return;
		case 'silence':
			return;
		case 'headers-only':
			startBody(response, status);
			return;
		case 'endless':
			if (fault.part === 'head') return writeWhileRead(endlessHead(status), request.socket);
			return writeWhileRead(endlessBlanks(64 * 1024), startBody(response, status));
		case 'trickle':
			if (fault.part === 'head') writeByteByByte(endlessHead(status), request.socket, fault.intervalMs);
			else writeByteByByte(endlessBlanks(1), startBody(response, status), fault.intervalMs);
			return;
		default:
			fault satisfies never;
	}
}

async function writeResponse(
	response: ServerResponse,
	status: number,
	body: FaultBody,
	headers: Extract<Fault, { kind: 'status' }>['headers'] = {},
): Promise<void> {
	const { type, content } = renderBody(body, status);
	response.statusCode = status;
	for (const [name, value] of Object.entries({ 'Content-Type': type, ...headers })) {
		if (value !== undefined) response.setHeader(name, value);
	}
	if (typeof content === 'string') response.end(content);
	else await writeWhileRead(content, response);
}

function renderBody(body: FaultBody, status: number): { type: string; content: string | Iterable<string> } {
	switch (body) {
		case 'error':
			return { type: json, content: JSON.stringify(errorResponse(status).body) };
		case 'html':
			return { type: 'text/html; charset=utf-8', content: page };
		case 'empty':
			return { type: json, content: '' };
		case 'cut-json':
			return { type: json, content: '{"data":{"id":"chg_1","summ' };
		case 'huge':
			return { type: json, content: hugeJson(32) };
		default:
			if ('json' in body) return { type: json, content: JSON.stringify(body.json) };
			return { type: body.type, content: body.text };
	}
}

function* hugeJson(mebibytes: number): Generator<string> {
	const filler = 'x'.repeat(1024 * 1024);
	yield '{"data":{"id":"chg_1","summary":"';
	for (let written = 0; written < mebibytes; written += 1) yield filler;
	yield '"}}';
}

function findTarget(to: 'itself' | 'endless' | URL, { request, url }: Exchange): string {
	if (to === 'itself') return new URL(request.url ?? '', url).href;
	if (to === 'endless') return `${url}/redirected/1`;
	return to.href;
}

function playReset(
	when: 'before' | 'during-head' | 'during-body' | 'after',
	status: number,
	{ request, healthy, reset }: Exchange,
): void {
	const body = JSON.stringify(healthy.body);
	const head = [
		`HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
		'Content-Type: application/json',
		`Content-Length: ${Buffer.byteLength(body)}`,
	].join('\r\n');
	if (when === 'during-head') request.socket.write(head, reset);
	else if (when === 'during-body') {
		request.socket.write(`${head}\r\n\r\n${body.slice(0, body.length / 2)}`, reset);
	} else reset();
}

function respondLater(response: ServerResponse, delayMs: number, respond: () => Promise<void>): Promise<void> {
	const { promise, resolve } = Promise.withResolvers<void>();
	const timer = setTimeout(() => resolve(respond()), delayMs);
	response.once('close', () => {
		clearTimeout(timer);
		resolve();
	});
	return promise;
}

/** Sends the status and the headers; the caller writes the body. */
function startBody(response: ServerResponse, status: number): Writable {
	response.writeHead(status, { 'Content-Type': 'application/json' }).flushHeaders();
	return response;
}

async function writeWhileRead(chunks: Iterable<string>, writable: Writable): Promise<void> {
	try {
		await pipeline(Readable.from(chunks), writable);
	} catch (error) {
		// A client may stop reading.
		if (!writable.destroyed) throw error;
	}
}

function writeByteByByte(chunks: Iterable<string>, writable: Writable, intervalMs: number): void {
	const bytes = (function* () {
		for (const chunk of chunks) yield* chunk;
	})();
	const timer = setInterval(() => writable.write(bytes.next().value), intervalMs);
	writable.once('close', () => clearInterval(timer));
	writable.on('error', () => clearInterval(timer));
}

function* endlessHead(status: number): Generator<string> {
	yield `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n`;
	const padding = `X-Padding: ${'x'.repeat(1000)}\r\n`.repeat(64);
	while (true) yield padding;
}

/** A JSON parser that reads a stream would wait for the end of the blanks. */
function* endlessBlanks(size: number): Generator<string> {
	const blanks = ' '.repeat(size);
	while (true) yield blanks;
}
