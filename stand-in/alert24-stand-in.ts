// A stand-in of Alert24 on a free port of 127.0.0.1. The base URL has a random path: it catches a client that drops it.
//
//   POST {url}/api/v1/changes                  201 {"data": change}
//   POST {url}/api/v1/services/{id}/changes    201 {"data": change}
//   GET  {url}/api/v1/changes                  200 {"data": [change, …], "meta": {total, limit, offset, has_more}}
//   GET  {url}/api/v1/services/{id}/changes    the same, the changes of one service
//   GET  {url}/api/v1/services?status=…        200 {"data": [service, …], "meta": …}
//   GET  {url}/api/v1/services/{id}            200 {"data": service}
//   an error                                   {"error": {"type", "message", "status"}}: 400, 401, 403, 404, 429, 500
//
// Requests carry `Authorization: Bearer KEY`; every response carries `X-Request-Id`. Lists take `limit` (default 25, at
// most 100) and `offset` (default 0). See https://alert24.net/docs/api-changes, api-authentication, api-errors,
// api-pagination and api-services. Alert24 does not document the status 201, the order of changes (here: newest first),
// nor whether it rejects unknown fields (here: it does).
import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import {
	createServer as createHttpServer,
	type IncomingHttpHeaders,
	type IncomingMessage,
	type ServerResponse,
} from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { buffer } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import {
	Alert24Api,
	type ApiResponse,
	errorResponse,
	type Scope,
	type SentChange,
	type StoredChange,
} from './alert24-api.ts';
import { type Fault, FaultPlan, recordsFirst } from './alert24-faults.ts';
import { LoopbackServer } from './loopback-server.ts';
import { playFault } from './play-fault.ts';

export type Alert24Options = Readonly<{
	/** Keys in addition to `apiKey` and `readOnlyKey`, and their rights. */
	keys?: Readonly<Record<string, Scope>>;
	/** The ids of the services that exist; absent: every service exists, and the list of services is empty. */
	services?: readonly string[];
	/** More POSTs than this within a second get a 429 with `Retry-After`. */
	postsPerSecond?: number;
	/** The key and certificate (PEM) of an https server. */
	tls?: Readonly<{ key: string; cert: string }>;
}>;

export type ReceivedRequest = {
	readonly method: string;
	/** With the base path and the query. */
	readonly path: string;
	readonly headers: IncomingHttpHeaders;
	/** Empty until it has been read. */
	body: string;
	/** By `performance.now()`. */
	readonly receivedAtMs: number;
	/** When its change was stored or its list was read, by `performance.now()`. Undefined if that did not happen. */
	processedAtMs?: number;
	/** The X-Request-Id of the response. */
	readonly requestId: string;
	fault: Fault;
};

/** Starts a stand-in of Alert24. */
export async function startAlert24(options: Alert24Options = {}): Promise<Alert24StandIn> {
	const server = options.tls === undefined ? createHttpServer() : createHttpsServer(options.tls);
	const standIn = new Alert24StandIn(options, await LoopbackServer.listen(server));
	server.on('request', (request, response) => void standIn.handle(request, response));
	return standIn;
}

export class Alert24StandIn {
	/** A key with write scope. */
	readonly apiKey = makeKey();
	/** A key with read scope. */
	readonly readOnlyKey = makeKey();
	readonly port: number;
	/** Such as `http://127.0.0.1:40000`. */
	readonly origin: string;
	/** The base URL for a client: the origin with the random path, without a slash at its end. */
	readonly url: string;
	/** Every request in the order of arrival, also the requests outside the base path. */
	readonly requests: ReceivedRequest[] = [];
	readonly #basePath = `/t-${randomBytes(6).toString('hex')}`;
	readonly #listening: LoopbackServer;
	readonly #api: Alert24Api;
	readonly #postFaults = new FaultPlan();
	readonly #listFaults = new FaultPlan();
	#bodyFault: Readonly<{ text: string; fault: Fault }> | undefined;
	readonly #postsPerSecond: number;
	readonly #handled: ReceivedRequest[] = [];
	readonly #events = new EventEmitter();
	readonly #closing = new AbortController();

	constructor(options: Alert24Options, listening: LoopbackServer) {
		const { keys = {}, services, postsPerSecond = Number.POSITIVE_INFINITY, tls } = options;
		this.#listening = listening;
		this.port = listening.port;
		this.origin = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${this.port}`;
		this.url = this.origin + this.#basePath;
		this.#postsPerSecond = postsPerSecond;
		this.#api = new Alert24Api(
			new Map([[this.apiKey, 'write'], [this.readOnlyKey, 'read'], ...Object.entries(keys)]),
			services,
		);
	}

	/** The changes as Alert24 stores them (id, time, documented defaults), oldest first. */
	get changes(): readonly StoredChange[] {
		return this.#api.stored;
	}

	/** The same changes as the clients sent them. */
	get sentChanges(): readonly SentChange[] {
		return this.#api.sent;
	}

	get posts(): readonly ReceivedRequest[] {
		return this.requests.filter(({ method }) => method === 'POST');
	}

	/** The requests outside the base path. */
	get strays(): readonly ReceivedRequest[] {
		return this.requests.filter(({ path }) => this.#pathInside(path) === undefined);
	}

	/** Each of the next POSTs meets one of these faults. */
	failWith(...faults: readonly Fault[]): void {
		this.#postFaults.add(faults);
	}

	/** Every POST meets this fault once the queue of `failWith` is empty. */
	failAlways(fault: Fault): void {
		this.#postFaults.always(fault);
	}

	/** Every POST whose body contains a text meets this fault. */
	failWhere(text: string, fault: Fault): void {
		this.#bodyFault = { text, fault };
	}

	/** Each of the next GETs meets one of these faults. */
	failListsWith(...faults: readonly Fault[]): void {
		this.#listFaults.add(faults);
	}

	/** Every GET meets this fault once the queue of `failListsWith` is empty. */
	failListsAlways(fault: Fault): void {
		this.#listFaults.always(fault);
	}

	/** Removes all faults. */
	heal(): void {
		this.#postFaults.clear();
		this.#listFaults.clear();
		this.#bodyFault = undefined;
	}

	/** Stores a change, as if another client had sent it, now or at another time. */
	record(change: SentChange, createdAt?: Date): StoredChange {
		return this.#api.record(change, undefined, createdAt);
	}

	/** Stores so many large changes of other clients, to make a list of about `count × bytesEach` bytes. */
	recordOthers(count: number, bytesEach: number): void {
		const description = '配'.repeat(bytesEach / 3);
		for (let number = 1; number <= count; number += 1) this.record({ summary: `Other change ${number}`, description });
	}

	/** Resolves with the nth request (from 1) after it was read and its change stored, before the response. */
	async nthRequest(number: number): Promise<ReceivedRequest> {
		let request = this.#handled[number - 1];
		while (request === undefined) {
			await once(this.#events, 'handled');
			request = this.#handled[number - 1];
		}
		return request;
	}

	/** Receives a request, stores its change, and responds as its fault demands. */
	async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
		const received = this.#receive(request);
		response.setHeader('X-Request-Id', received.requestId);
		const path = this.#pathInside(received.path);
		received.fault = path === undefined ? { kind: 'none' } : this.#nextFault(received, path);

		let healthy = errorResponse(404);
		if (received.fault.kind !== 'reset' || received.fault.when !== 'before') {
			const body = await readBody(request);
			// The client closed the connection before it had sent the whole request.
			if (body === undefined) return;
			received.body = body.toString();
			const bodyFault = this.#bodyFault;
			if (bodyFault !== undefined && received.body.includes(bodyFault.text)) received.fault = bodyFault.fault;
			const { fault } = received;
			if (fault.kind === 'slow-record' && !(await this.#wait(fault.delayMs))) return;
			if (path !== undefined) healthy = this.#process(received, path, body);
			received.processedAtMs = performance.now();
		}
		this.#handled.push(received);
		this.#events.emit('handled');
		const reset = () => this.#listening.reset(request.socket.remotePort);
		await playFault(received.fault, { request, response, healthy, url: this.url, reset });
	}

	/** Closes every connection at once. */
	close(): Promise<void> {
		this.#closing.abort();
		return this.#listening.close();
	}

	[Symbol.asyncDispose](): Promise<void> {
		return this.close();
	}

	#receive({ method = '', url = '', headers }: IncomingMessage): ReceivedRequest {
		const known = { method, path: url, headers, requestId: `req_${randomUUID()}`, receivedAtMs: performance.now() };
		const received: ReceivedRequest = { ...known, body: '', fault: { kind: 'none' } };
		this.requests.push(received);
		return received;
	}

	#nextFault({ method, receivedAtMs }: ReceivedRequest, path: string): Fault {
		const redirected = /^\/redirected\/(\d+)$/.exec(path)?.[1];
		if (redirected !== undefined) {
			return { kind: 'redirect', to: new URL(`${this.url}/redirected/${Number(redirected) + 1}`) };
		}
		if (method !== 'POST') return this.#listFaults.next();
		const lastSecond = this.posts.filter((post) => post.fault !== rateLimit && receivedAtMs - post.receivedAtMs < 1000);
		return lastSecond.length > this.#postsPerSecond ? rateLimit : this.#postFaults.next();
	}

	#process({ method, headers, fault }: ReceivedRequest, path: string, body: Buffer): ApiResponse {
		if (!recordsFirst(fault)) return { status: 201, body: { data: { id: 'chg_not_recorded' } } };
		const { authorization, 'content-type': contentType, 'cache-control': cacheControl = '' } = headers;
		const isCached = fault.kind === 'cached' && !/\bno-(cache|store)\b/.test(cacheControl);
		return this.#api.respond({ method, path, body, authorization, contentType }, isCached ? fault.copyOf : undefined);
	}

	/** Resolves with false if the stand-in closes first. */
	#wait(ms: number): Promise<boolean> {
		return delay(ms, true, { signal: this.#closing.signal }).catch(() => false);
	}

	/** Returns the path below the base path, or undefined. */
	#pathInside(path: string): string | undefined {
		return path.startsWith(`${this.#basePath}/`) ? path.slice(this.#basePath.length) : undefined;
	}
}

const rateLimit: Fault = { kind: 'status', status: 429, headers: { 'Retry-After': '1' } };

async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
	try {
		return await buffer(request);
	} catch (error) {
		if (request.destroyed) return undefined;
		throw error;
	}
}

/** A key of the documented form: `ak_live_` and 32 characters of base62. */
function makeKey(): string {
	const base62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
	return `ak_live_${Array.from({ length: 32 }, () => base62[randomInt(base62.length)]).join('')}`;
}
