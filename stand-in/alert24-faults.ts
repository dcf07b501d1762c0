import type { OutgoingHttpHeaders } from 'node:http';

/**
 * One way in which a request can fail. If `recordsFirst` is true, the stand-in stores a valid change before it fails:
 * the case that is ambiguous for a client. The default is true if the response begins with a 2xx, since such a status
 * promises a record. A response that never ends begins with 201 unless `status` is set; a redirect with 302.
 */
export type Fault =
	/** No fault: one request of a queue succeeds. */
	| Readonly<{ kind: 'none' }>
	/** Responds with this status. By default the body is Alert24's error from 400 up, and empty below. */
	| MayRecord<{
			kind: 'status';
			status: number;
			headers?: OutgoingHttpHeaders;
			body?: FaultBody;
			/** The response comes from a proxy or portal, not from Alert24: it has no X-Request-Id. */
			isForeign?: boolean;
	  }>
	/** Stores the change at once, and responds after the delay. */
	| Readonly<{ kind: 'late'; delayMs: number }>
	/** Stores the change after the delay, also if the client has gone, and then responds. */
	| Readonly<{ kind: 'slow-record'; delayMs: number }>
	/**
	 * Responds with a cached list: without the changes after the first `copyOf`, unless the request forbids a cache.
	 */
	| Readonly<{ kind: 'cached'; copyOf: number }>
	/** Resets the connection after the request's headers, before its body is read. */
	| Readonly<{ kind: 'reset'; when: 'before' }>
	/** Resets it in the middle of the response's headers or body. */
	| MayRecord<{ kind: 'reset'; when: 'during-head' | 'during-body'; status?: number }>
	/** Stores the change, then resets the connection before it responds. */
	| Readonly<{ kind: 'reset'; when: 'after' }>
	/** Reads the request, then closes the connection without a response. */
	| MayRecord<{ kind: 'hang-up' }>
	/** Reads the request and never responds. */
	| MayRecord<{ kind: 'silence' }>
	/** Sends the headers at once and nothing after them. */
	| MayRecord<{ kind: 'headers-only'; status?: number }>
	/** Sends one byte at a time without end, from the first byte of the headers, or of the body after whole headers. */
	| MayRecord<{ kind: 'trickle'; part: 'head' | 'body'; intervalMs: number; status?: number }>
	/** Sends headers or a body that never end, as fast as the client reads. */
	| MayRecord<{ kind: 'endless'; part: 'head' | 'body'; status?: number }>
	/** Redirects to the same URL, to a chain that never ends, or to the given URL. */
	| MayRecord<{ kind: 'redirect'; to: 'itself' | 'endless' | URL; status?: number }>
	/** Sends a text that is not HTTP. */
	| MayRecord<{ kind: 'not-http' }>;

type MayRecord<Kind> = Readonly<Kind & { recordsFirst?: boolean }>;

/** A body by name, a JSON value, or a text with its type. */
export type FaultBody =
	/** Alert24's error envelope for the status. */
	| 'error'
	/** The page of a proxy or a captive portal. */
	| 'html'
	| 'empty'
	/** JSON that ends in the middle. */
	| 'cut-json'
	/** 32 MiB of valid JSON. */
	| 'huge'
	| Readonly<{ json: unknown }>
	| Readonly<{ text: string; type: string }>;

/** Bodies that must not confuse a client. */
export const strangeBodies: Readonly<Record<string, FaultBody>> = {
	empty: 'empty',
	html: 'html',
	'cut JSON': 'cut-json',
	'32 MiB of JSON': 'huge',
	'a JSON null': { json: null },
	'a JSON number': { json: 42 },
	'a JSON string': { json: 'ok' },
	'a JSON array': { json: [{ id: 'chg_1' }] },
	'an empty object': { json: {} },
	'null data': { json: { data: null } },
	'an array as data': { json: { data: [] } },
	'an object as id': { json: { data: { id: { a: 1 } } } },
	'an id that forges log lines': { json: { data: { id: 'x\n\u001b[31mforged\r\nsection_start:1:a' } } },
	'an error without a message': { json: { error: null } },
	'plain text': { text: 'OK', type: 'text/plain' },
};

const foreign = { kind: 'status', status: 200, recordsFirst: false, isForeign: true } as const;

/** Responses with a 2xx status although no change is stored. */
export const falseSuccesses = {
	'a captive portal': { ...foreign, body: 'html' },
	'{"success":false}': { ...foreign, body: { json: { success: false } } },
	'OK without X-Request-Id': { ...foreign, body: { text: 'OK', type: 'text/plain' } },
	'an error with status 200': { ...foreign, body: 'error', isForeign: false },
} as const satisfies Readonly<Record<string, Fault>>;

/** Returns the status of the response, or undefined if the fault sends none. */
export function answerStatus(fault: Fault): number | undefined {
	switch (fault.kind) {
		case 'status':
			return fault.status;
		case 'redirect':
			return fault.status ?? 302;
		case 'headers-only':
		case 'trickle':
		case 'endless':
			return fault.status ?? 201;
		case 'reset':
			return fault.when === 'before' || fault.when === 'after' ? undefined : (fault.status ?? 201);
		default:
			return undefined;
	}
}

/** Returns true if the stand-in processes the request before it fails. */
export function recordsFirst(fault: Fault): boolean {
	switch (fault.kind) {
		case 'none':
		case 'late':
		case 'slow-record':
		case 'cached':
			return true;
		case 'reset':
			if (fault.when === 'before') return false;
			if (fault.when === 'after') return true;
	}
	const status = answerStatus(fault) ?? 0;
	return fault.recordsFirst ?? (status >= 200 && status <= 299);
}

/** The faults of one sort of requests: a queue with one fault for each request, then a lasting fault. */
export class FaultPlan {
	#queue: Fault[] = [];
	#always: Fault = { kind: 'none' };

	add(faults: readonly Fault[]): void {
		this.#queue.push(...faults);
	}

	always(fault: Fault): void {
		this.#always = fault;
	}

	clear(): void {
		this.#queue = [];
		this.#always = { kind: 'none' };
	}

	next(): Fault {
		return this.#queue.shift() ?? this.#always;
	}
}
