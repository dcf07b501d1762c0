import { randomBytes, randomInt } from 'node:crypto';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { Organization, Scope } from './alert24-api.ts';
import { ChangeLog, type StoredChange } from './alert24-change-log.ts';
import type { Fault } from './alert24-faults.ts';
import { RateLimit } from './alert24-rate-limit.ts';
import { Alert24Requests, pathInside, type ReceivedRequest } from './alert24-requests.ts';
import type { SentChange } from './alert24-validation.ts';
import { LoopbackServer } from './loopback-server.ts';

export type Alert24Options = {
	/** Keys beside `apiKey` and `readOnlyKey`, and what they may do. */
	readonly keys?: Readonly<Record<string, Scope>>;
	/** The ids of the services that exist. Left out, whatever is named exists. */
	readonly services?: readonly string[];
	/** Answers 429 with `Retry-After` to more POSTs than this within a second. */
	readonly postsPerSecond?: number;
	/** Serves https with this key and certificate, both PEM. */
	readonly tls?: { readonly key: string; readonly cert: string };
};

/**
 * A stand-in of Alert24's API on a free port of 127.0.0.1, under a random base path, so that a client that drops the
 * path is caught. It follows https://alert24.net/docs/api-changes, …/api-authentication, …/api-errors and
 * …/api-pagination, remembers what it gets, and fails when told to.
 */
export async function startAlert24(options: Alert24Options = {}): Promise<Alert24StandIn> {
	const server = options.tls === undefined ? createHttpServer() : createHttpsServer(options.tls);
	const listening = await LoopbackServer.listen(server);
	const standIn = new Alert24StandIn(options, listening);
	server.on('request', standIn.handle);
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
	/** The base URL to give to a client: the origin with the random path, without a slash at its end. */
	readonly url: string;
	readonly #basePath = `/t-${randomBytes(6).toString('hex')}`;
	readonly #listening: LoopbackServer;
	readonly #organization: Organization;
	readonly #requests: Alert24Requests;

	constructor(options: Alert24Options, listening: LoopbackServer) {
		const { keys = {}, services, postsPerSecond = Number.POSITIVE_INFINITY, tls } = options;
		this.#listening = listening;
		this.port = listening.port;
		this.origin = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${this.port}`;
		this.url = this.origin + this.#basePath;
		this.#organization = {
			keys: new Map([[this.apiKey, 'write'], [this.readOnlyKey, 'read'], ...Object.entries(keys)]),
			services: services && new Set(services),
			log: new ChangeLog(),
		};
		this.#requests = new Alert24Requests({
			organization: this.#organization,
			rateLimit: new RateLimit(postsPerSecond),
			origin: this.origin,
			basePath: this.#basePath,
			reset: (remotePort) => listening.reset(remotePort),
		});
	}

	/** The changes as Alert24 keeps them (id, time, documented defaults), oldest first. */
	get changes(): readonly StoredChange[] {
		return this.#organization.log.stored;
	}

	/** The recorded changes exactly as they were sent, oldest first. */
	get sentChanges(): readonly SentChange[] {
		return this.#organization.log.sent;
	}

	/** Every request in the order of arrival, those outside the base path included. */
	get requests(): readonly ReceivedRequest[] {
		return this.#requests.received;
	}

	/** The requests that would have recorded a change. */
	get posts(): readonly ReceivedRequest[] {
		return this.requests.filter(({ method }) => method === 'POST');
	}

	/** The requests that missed the base path. */
	get strays(): readonly ReceivedRequest[] {
		return this.requests.filter(({ path }) => pathInside(path, this.#basePath) === undefined);
	}

	/** Each of the following POSTs meets one of these; the POSTs after them go well. */
	failWith(...faults: readonly Fault[]): void {
		this.#requests.postFaults.add(faults);
	}

	/** Every POST meets this, once the queue of `failWith` is used up. */
	failAlways(fault: Fault): void {
		this.#requests.postFaults.always(fault);
	}

	/** Like `failWith`, for GETs. */
	failListsWith(...faults: readonly Fault[]): void {
		this.#requests.listFaults.add(faults);
	}

	/** Like `failAlways`, for GETs. */
	failListsAlways(fault: Fault): void {
		this.#requests.listFaults.always(fault);
	}

	/** Forgets all faults. */
	heal(): void {
		this.#requests.postFaults.clear();
		this.#requests.listFaults.clear();
	}

	/** Records a change as another client's POST would. */
	record(change: SentChange): StoredChange {
		return this.#organization.log.record(change);
	}

	/** The nth request (from 1), as soon as it has been read and recorded, before it is answered. */
	nthRequest(number: number): Promise<ReceivedRequest> {
		return this.#requests.nth(number);
	}

	readonly handle = (...exchange: Parameters<Alert24Requests['handle']>): void =>
		void this.#requests.handle(...exchange);

	/** Ends at once, whatever is open. */
	close(): Promise<void> {
		return this.#listening.close();
	}

	[Symbol.asyncDispose](): Promise<void> {
		return this.close();
	}
}

/** A key of the documented form: `ak_live_` and 32 characters of base62. */
function makeKey(): string {
	const base62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
	return `ak_live_${Array.from({ length: 32 }, () => base62[randomInt(base62.length)]).join('')}`;
}
