import fc from 'fast-check';
import { type Fault, falseSuccesses, strangeBodies } from '../../stand-in/alert24-faults.ts';
import { type Tunnel, tunnels } from './faulty-proxy.ts';
import { secrets } from './secrets.ts';

/** The network between the command and Alert24, as data: a row of the regression list has the same form. */
export type NetworkRow = Readonly<{
	services: number;
	/** The changes of other clients in the list. More than 100 need a second page. */
	others: number;
	/** The responses to CONNECT; absent: no proxy and no TLS. */
	proxy?: Readonly<{ first: readonly Tunnel[]; last: Tunnel }>;
	posts: readonly Fault[];
	lastPost: Fault;
	lists: readonly Fault[];
	lastList: Fault;
}>;

const healthy: Fault = { kind: 'none' };
const { apiKey, jobToken, proxyUser, proxyPassword } = secrets;
const basic = Buffer.from(`${proxyUser}:${proxyPassword}`).toString('base64');
/** A response that repeats the request's credentials, where a log would print it. */
const echo = `Bearer ${apiKey}, ${Buffer.from(apiKey).toString('base64')}, ${jobToken}, ${encodeURIComponent(jobToken)}, ${basic}, ${proxyPassword}`;
const retryAfters = ['0', '1', '2', '3600', '-1', 'soon', '1e3', 'Sun, 22 Nov 2026 05:00:00 GMT', `${apiKey}`];

const statuses = [400, 401, 403, 404, 408, 409, 413, 418, 422, 425, 429, 500, 502, 503, 504, 520, 524, 599];
const failures: Fault[] = [
	...[true, false].flatMap((recordsFirst): Fault[] => [
		...statuses.map((status): Fault => ({ kind: 'status', status, recordsFirst: recordsFirst && status >= 500 })),
		{ kind: 'reset', when: 'during-head', recordsFirst },
		{ kind: 'reset', when: 'during-body', recordsFirst },
		{ kind: 'hang-up', recordsFirst },
		{ kind: 'silence', recordsFirst },
		{ kind: 'headers-only', recordsFirst },
		{ kind: 'trickle', part: 'head', intervalMs: 20, recordsFirst },
		{ kind: 'trickle', part: 'body', intervalMs: 20, recordsFirst },
		{ kind: 'not-http', recordsFirst },
	]),
	{ kind: 'endless', part: 'head', recordsFirst: true },
	{ kind: 'endless', part: 'body' },
	...retryAfters.flatMap((header): Fault[] =>
		[429, 503].map((status) => ({ kind: 'status', status, headers: { 'Retry-After': header }, recordsFirst: false })),
	),
	...[301, 302, 307, 308].map((status): Fault => ({ kind: 'redirect', to: 'endless', status })),
	{ kind: 'redirect', to: 'itself' },
	{ kind: 'redirect', to: new URL(`https://login.example.com/?key=${apiKey}`) },
	{ kind: 'reset', when: 'before' },
	{ kind: 'reset', when: 'after' },
	...[400, 403, 500].map((status): Fault => {
		const body = { json: { error: { type: echo, message: echo, status } } };
		return { kind: 'status', status, body, headers: { 'X-Request-Id': echo }, recordsFirst: false };
	}),
];
/** Pages with a 2xx status. None of them stores a change, and none looks like Alert24's own confirmation. */
const pages: Fault[] = [
	...Object.values(falseSuccesses),
	...[200, 201, 202, 204, 206].map((status): Fault => {
		const body = status === 204 ? ('empty' as const) : { text: `<html>\u001b[2JRecorded: ${echo}`, type: 'text/html' };
		return { kind: 'status', status, body, recordsFirst: false, isForeign: true };
	}),
	...[[], 'ok', null, 1, true, { data: null }, { error: null }, { id: 'chg_1', status: 'created' }].map(
		(json): Fault => ({ kind: 'status', status: 200, body: { json }, recordsFirst: false, isForeign: true }),
	),
];
/** Confirmations in a strange form. The change is stored. */
const strange = Object.values(strangeBodies).flatMap((body): Fault[] =>
	body === 'huge' ? [] : [{ kind: 'status', status: 201, body }],
);
const slow: Fault[] = [
	...[20, 200, 1000].map((delayMs): Fault => ({ kind: 'late', delayMs })),
	...[20, 300, 900, 1000, 1600, 2300].map((delayMs): Fault => ({ kind: 'slow-record', delayMs })),
];

const entry = { id: 'chg_other', external_id: 'other', created_at: '2099-01-01T00:00:00.000Z', summary: 'Other' };
const list = (json: unknown): Fault => ({ kind: 'status', status: 200, body: { json } });
/** Lists that lack a change that is stored: the client cannot see that. */
export const staleLists: readonly Fault[] = [
	list({ data: [], meta: { has_more: false } }),
	list({ data: [entry] }),
	list({ data: [{ id: 'chg_1' }, null, 1, 'x', { external_id: 1 }], meta: {} }),
	list({ data: Array.from({ length: 100 }, () => entry), meta: { has_more: true } }),
	list({ data: Array.from({ length: 100 }, () => ({ id: 'x' })) }),
];
const lists: Fault[] = [
	...failures,
	...pages,
	{ kind: 'cached', copyOf: 0 },
	{ kind: 'late', delayMs: 100 },
	{ kind: 'late', delayMs: 900 },
	list({ items: [] }),
	list({ data: { changes: [] } }),
	list([]),
	list(null),
	{ kind: 'status', status: 200, body: 'cut-json' },
	{ kind: 'status', status: 200, body: 'html' },
];

const posts = fc.oneof(
	{ weight: 4, arbitrary: fc.constantFrom(...failures) },
	{ weight: 2, arbitrary: fc.constantFrom(...slow) },
	{ weight: 1, arbitrary: fc.constantFrom(...pages) },
	{ weight: 1, arbitrary: fc.constantFrom(...strange) },
	{ weight: 1, arbitrary: fc.constant(healthy) },
);
const readable = fc.oneof(
	{ weight: 3, arbitrary: fc.constant(healthy) },
	{ weight: 3, arbitrary: fc.constantFrom(...lists) },
	{ weight: 1, arbitrary: fc.constantFrom(...staleLists) },
);
const last = (faults: fc.Arbitrary<Fault>) =>
	fc.oneof({ weight: 3, arbitrary: fc.constant(healthy) }, { weight: 1, arbitrary: faults });
const tunnelNames = Object.keys(tunnels) as Tunnel[];
const tunnel = fc.oneof(
	{ weight: 1, arbitrary: fc.constant<Tunnel>('open') },
	{ weight: 2, arbitrary: fc.constantFrom(...tunnelNames) },
);

/** Networks with faults of every kind, most of which heal. */
export const randomNetworks: fc.Arbitrary<NetworkRow> = fc.record(
	{
		services: fc.constantFrom(1, 1, 1, 2, 3),
		others: fc.constantFrom(0, 0, 3, 150),
		proxy: fc.record({
			first: fc.array(tunnel, { maxLength: 4 }),
			last: fc.oneof({ weight: 4, arbitrary: fc.constant<Tunnel>('open') }, { weight: 1, arbitrary: tunnel }),
		}),
		posts: fc.array(posts, { maxLength: 5 }),
		lastPost: last(posts),
		lists: fc.array(readable, { maxLength: 5 }),
		lastList: last(readable),
	},
	{ requiredKeys: ['services', 'others', 'posts', 'lastPost', 'lists', 'lastList'] },
);
