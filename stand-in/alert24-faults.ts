import type { OutgoingHttpHeaders } from 'node:http';

/**
 * One way in which a request can go wrong. Where `recordsFirst` is true, the stand-in first does what a healthy Alert24
 * would do with the request (so a valid change is recorded) and then fails: the case that is ambiguous for a client.
 * Left out, it is true exactly where the answer begun is a 2xx, as such a status promises a record. An answer that is
 * never whole begins with 201 unless another `status` is given; a redirect with 302.
 */
export type Fault =
	/** No fault: lets one request pass in a queue of faults. */
	| { readonly kind: 'none' }
	/** Answers with this status. The body is by default an error of Alert24's from 400 up, and empty below. */
	| MayRecord<{
			readonly kind: 'status';
			readonly status: number;
			readonly headers?: OutgoingHttpHeaders;
			readonly body?: FaultBody;
	  }>
	/** Answers as if healthy, but only after so long. */
	| { readonly kind: 'late'; readonly delayMs: number }
	/** Resets the connection on seeing the request's headers, before its body is read. */
	| { readonly kind: 'reset'; readonly when: 'before' }
	/** Resets it in the middle of the answer's headers or body. */
	| MayRecord<{ readonly kind: 'reset'; readonly when: 'during-head' | 'during-body'; readonly status?: number }>
	/** Records the change, then resets the connection before anything is answered. */
	| { readonly kind: 'reset'; readonly when: 'after' }
	/** Reads the request, then closes the connection in good order without an answer. */
	| MayRecord<{ readonly kind: 'hang-up' }>
	/** Reads the request and never answers. */
	| MayRecord<{ readonly kind: 'silence' }>
	/** Answers headers at once and nothing after them. */
	| MayRecord<{ readonly kind: 'headers-only'; readonly status?: number }>
	/** Answers one byte at a time for ever, from the first byte of the headers, or of the body after whole headers. */
	| MayRecord<{
			readonly kind: 'trickle';
			readonly part: 'head' | 'body';
			readonly intervalMs: number;
			readonly status?: number;
	  }>
	/** Answers headers or a body that never end, as fast as the client reads. */
	| MayRecord<{ readonly kind: 'endless'; readonly part: 'head' | 'body'; readonly status?: number }>
	/** Redirects to the same URL, to a chain that never ends, or to the URL given. */
	| MayRecord<{ readonly kind: 'redirect'; readonly to: 'itself' | 'endless' | URL; readonly status?: number }>
	/** Answers something that is not HTTP. */
	| MayRecord<{ readonly kind: 'not-http' }>;

type MayRecord<Kind> = Kind & { readonly recordsFirst?: boolean };

/** A body by name, a JSON value, or a text with its type. */
export type FaultBody =
	/** Alert24's error envelope for the status. */
	| 'error'
	/** The page that a proxy or an edge server shows. */
	| 'html'
	| 'empty'
	/** JSON that is cut in the middle. */
	| 'cut-json'
	/** 32 MiB of valid JSON. */
	| 'huge'
	| { readonly json: unknown }
	| { readonly text: string; readonly type: string };

/** Bodies that no client should stumble over, for tables of tests. */
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

/** The status that the fault answers with; undefined where it answers none. */
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

/** Whether the request is done for real before the fault shows. */
export function recordsFirst(fault: Fault): boolean {
	if (fault.kind === 'none' || fault.kind === 'late') return true;
	if (fault.kind === 'reset' && fault.when === 'before') return false;
	if (fault.kind === 'reset' && fault.when === 'after') return true;
	const status = answerStatus(fault) ?? 0;
	return fault.recordsFirst ?? (status >= 200 && status <= 299);
}
