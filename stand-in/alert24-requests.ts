import { randomUUID } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { type Answer, errorAnswer } from './alert24-answer.ts';
import { answerRequest, type Organization } from './alert24-api.ts';
import { FaultPlan } from './alert24-fault-plan.ts';
import { type Fault, recordsFirst } from './alert24-faults.ts';
import { playFault } from './alert24-play-fault.ts';
import type { RateLimit } from './alert24-rate-limit.ts';

export type ReceivedRequest = {
	readonly method: string;
	/** With the base path and the query. */
	readonly path: string;
	readonly headers: IncomingHttpHeaders;
	/** Empty where it has not been read. */
	body: string;
	/** By `performance.now()`, so that two of them can be subtracted. */
	readonly receivedAtMs: number;
	/** The X-Request-Id that the answer carries, if there is an answer. */
	readonly requestId: string;
	/** What the request met. */
	fault: Fault;
};

export type Surroundings = {
	readonly organization: Organization;
	readonly rateLimit: RateLimit;
	readonly origin: string;
	readonly basePath: string;
	/** Resets the connection from this port of the client. */
	readonly reset: (remotePort: number | undefined) => void;
};

/** Takes the requests, remembers them, and lets them meet their faults or what Alert24 answers. */
export class Alert24Requests {
	/** In the order of arrival. */
	readonly received: ReceivedRequest[] = [];
	readonly postFaults = new FaultPlan();
	readonly listFaults = new FaultPlan();
	readonly #surroundings: Surroundings;
	readonly #handled: ReceivedRequest[] = [];
	readonly #events = new EventEmitter();

	constructor(surroundings: Surroundings) {
		this.#surroundings = surroundings;
	}

	/** The nth request (from 1), once it has been read and recorded and before it is answered. */
	async nth(number: number): Promise<ReceivedRequest> {
		let request = this.#handled[number - 1];
		while (request === undefined) {
			await once(this.#events, 'handled');
			request = this.#handled[number - 1];
		}
		return request;
	}

	async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
		const received = this.#remember(request);
		response.setHeader('X-Request-Id', received.requestId);
		const { origin, basePath } = this.#surroundings;
		const reset = () => this.#surroundings.reset(request.socket.remotePort);
		const path = pathInside(received.path, basePath);
		received.fault = path === undefined ? { kind: 'none' } : this.#nextFault(received, path);

		let healthy = errorAnswer(404);
		if (received.fault.kind !== 'reset' || received.fault.when !== 'before') {
			const body = await readBody(request);
			// The client went away while it was sending: nothing arrived that could be recorded or answered.
			if (body === undefined) return;
			received.body = body.toString();
			if (path !== undefined) healthy = this.#answer(received, path, body);
		}
		this.#handled.push(received);
		this.#events.emit('handled');
		await playFault(received.fault, { request, response, healthy, url: origin + basePath, reset });
	}

	#remember({ method = '', url = '', headers }: IncomingMessage): ReceivedRequest {
		const known = { method, path: url, headers, requestId: `req_${randomUUID()}`, receivedAtMs: performance.now() };
		const received: ReceivedRequest = { ...known, body: '', fault: { kind: 'none' } };
		this.received.push(received);
		return received;
	}

	#nextFault({ method, receivedAtMs }: ReceivedRequest, path: string): Fault {
		const redirected = /^\/redirected\/(\d+)$/.exec(path);
		if (redirected !== null) {
			const next = `${this.#surroundings.origin}${this.#surroundings.basePath}/redirected/${Number(redirected[1]) + 1}`;
			return { kind: 'redirect', to: new URL(next) };
		}
		if (method !== 'POST') return this.listFaults.next();
		if (this.#surroundings.rateLimit.admits(receivedAtMs)) return this.postFaults.next();
		return { kind: 'status', status: 429, headers: { 'Retry-After': '1' } };
	}

	#answer({ method, headers, fault }: ReceivedRequest, path: string, body: Buffer): Answer {
		if (!recordsFirst(fault)) return { status: 201, body: { data: { id: 'chg_not_recorded' } } };
		const request = { method, path, body, authorization: headers.authorization, contentType: headers['content-type'] };
		return answerRequest(request, this.#surroundings.organization);
	}
}

/** The part of a path below the base path; undefined where it is not below it. */
export function pathInside(path: string, basePath: string): string | undefined {
	return path.startsWith(`${basePath}/`) ? path.slice(basePath.length) : undefined;
}

async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
	try {
		return await buffer(request);
	} catch (error) {
		if (request.destroyed) return undefined;
		throw error;
	}
}
