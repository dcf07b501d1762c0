import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';

/** The rights of a key; `write` includes `read`. */
export type Scope = 'read' | 'write';

export type ApiRequest = Readonly<{
	method: string;
	/** Path and query below the base URL, such as `/api/v1/changes?limit=100`. */
	path: string;
	authorization: string | undefined;
	contentType: string | undefined;
	body: Uint8Array;
}>;

export type ApiResponse = Readonly<{ status: number; body: unknown }>;

/** A change as a client sends it: the fields of https://alert24.net/docs/api-changes and no others. */
export type SentChange = Readonly<{ summary: string; [field: string]: string | readonly string[] }>;

/** A change as Alert24 stores it: with an id, the time of receipt, and the documented defaults. */
export type StoredChange = SentChange & Readonly<{ id: string; created_at: string }>;

/** The fields of https://alert24.net/docs/api-changes and the values that they accept. */
const changeFields: Readonly<Record<string, 'text' | 'texts' | readonly string[]>> = {
	summary: 'text',
	service_id: 'text',
	change_type: [
		'deployment',
		'config_change',
		'infrastructure',
		'code',
		'database_migration',
		'feature_flag',
		'rollback',
		'scaling',
		'security_patch',
		'other',
	],
	description: 'text',
	source: 'text',
	commit_sha: 'text',
	commit_message: 'text',
	branch: 'text',
	pr_number: 'text',
	pr_url: 'text',
	pipeline_url: 'text',
	environment: 'text',
	risk_level: ['low', 'medium', 'high', 'critical'],
	changed_by: 'text',
	external_id: 'text',
	tags: 'texts',
};

const defaults = { change_type: 'deployment', source: 'api', environment: 'production', risk_level: 'low' };

/** The types and messages of https://alert24.net/docs/api-errors. */
const documentedErrors: Readonly<Record<number, readonly [type: string, message: string]>> = {
	400: ['validation_error', 'Invalid or missing data'],
	401: ['authentication_error', 'Invalid or missing API key. Provide a valid Bearer token.'],
	403: ['authorization_error', 'API key missing required scope: write'],
	404: ['not_found', 'Not found'],
	429: ['rate_limit_error', 'Too many requests'],
	500: ['server_error', 'An unexpected error occurred'],
};

/** Builds an error in Alert24's envelope. The type of a status that Alert24 does not document is `unknown_error`. */
export function errorResponse(status: number, message?: string): ApiResponse {
	const [type, documented] = documentedErrors[status] ?? ['unknown_error', STATUS_CODES[status] ?? 'Unknown'];
	return { status, body: { error: { type, message: message ?? documented, status } } };
}

/** The API of one organization in Alert24: it checks keys and changes, stores changes, and lists them. */
export class Alert24Api {
	/** The changes as Alert24 stores them, oldest first. */
	readonly stored: StoredChange[] = [];
	/** The same changes as the clients sent them. */
	readonly sent: SentChange[] = [];
	readonly #keys: ReadonlyMap<string, Scope>;
	readonly #services: readonly string[] | undefined;

	/** Without `services` every service exists, and the list of services is empty. */
	constructor(keys: ReadonlyMap<string, Scope>, services?: readonly string[]) {
		this.#keys = keys;
		this.#services = services;
	}

	/** Returns the response, and stores a valid change. A list contains only the oldest `visible` changes. */
	respond(request: ApiRequest, visible = this.stored.length): ApiResponse {
		const scope = this.#keys.get(/^Bearer (\S+)$/.exec(request.authorization ?? '')?.[1] ?? '');
		if (scope === undefined) return errorResponse(401);

		const [path = '', query] = request.path.split('?');
		const changes = /^\/api\/v1\/(?:services\/([^/]+)\/)?changes$/.exec(path);
		const services = /^\/api\/v1\/services(?:\/([^/]+))?$/.exec(path);
		const segment = (changes ?? services)?.[1];
		const serviceId = segment && decodeSegment(segment);
		if (segment !== undefined && serviceId === undefined) return errorResponse(404);
		if (changes !== null && request.method === 'POST') {
			return scope === 'write' ? this.#create(request, serviceId) : errorResponse(403);
		}
		if ((changes ?? services) === null || request.method !== 'GET') return errorResponse(404);
		if (!this.#exists(serviceId)) return errorResponse(404, 'Service not found');
		return this.#read(changes !== null, serviceId, new URLSearchParams(query), visible);
	}

	/** Stores a change. */
	record(change: SentChange, serviceId?: string, createdAt = new Date()): StoredChange {
		const target = serviceId === undefined ? {} : { service_id: serviceId };
		const added = { id: randomUUID(), created_at: createdAt.toISOString() };
		const stored: StoredChange = { ...defaults, ...change, ...target, ...added };
		this.stored.push(stored);
		this.sent.push(change);
		return stored;
	}

	#create({ contentType, body }: ApiRequest, serviceInPath: string | undefined): ApiResponse {
		if (!/^application\/json\s*(;|$)/i.test(contentType ?? '')) {
			return errorResponse(400, 'Content-Type must be application/json');
		}
		const read = readSentChange(body);
		if ('problem' in read) return errorResponse(400, read.problem);
		const serviceInBody = read.change['service_id'] as string | undefined;
		if (serviceInPath !== undefined && serviceInBody !== undefined && serviceInPath !== serviceInBody) {
			return errorResponse(400, 'service_id must be the one in the path');
		}
		if (!this.#exists(serviceInPath ?? serviceInBody)) return errorResponse(404, 'Service not found');
		return { status: 201, body: { data: this.record(read.change, serviceInPath) } };
	}

	#read(isChanges: boolean, serviceId: string | undefined, query: URLSearchParams, visible: number): ApiResponse {
		if (isChanges) {
			const changes = this.stored.slice(0, visible).filter((change) => !serviceId || change.service_id === serviceId);
			return listPage(changes.toReversed(), query);
		}
		if (serviceId !== undefined) return { status: 200, body: { data: describeService(serviceId, 0) } };
		const status = query.get('status') ?? 'operational';
		return listPage(status === 'operational' ? (this.#services ?? []).map(describeService) : [], query);
	}

	#exists(serviceId: string | undefined): boolean {
		return serviceId === undefined || this.#services === undefined || this.#services.includes(serviceId);
	}
}

/** A page by https://alert24.net/docs/api-pagination. */
function listPage(all: readonly unknown[], query: URLSearchParams): ApiResponse {
	const limit = Number(query.get('limit') ?? 25);
	const offset = Number(query.get('offset') ?? 0);
	if (!Number.isInteger(limit) || limit < 1 || limit > 100) {
		return errorResponse(400, 'limit must be an integer from 1 to 100');
	}
	if (!Number.isInteger(offset) || offset < 0) return errorResponse(400, 'offset must be an integer from 0');
	const data = all.slice(offset, offset + limit);
	const meta = { total: all.length, limit, offset, has_more: offset + data.length < all.length };
	return { status: 200, body: { data, meta } };
}

/** A service by https://alert24.net/docs/api-services. */
function describeService(id: string, sortOrder: number): object {
	const created = '2026-03-19T14:30:00.000Z';
	const rest = { status: 'operational', status_page_id: null, sort_order: sortOrder };
	return { id, name: `Service ${id}`, description: null, ...rest, created_at: created, updated_at: created };
}

/**
 * Reads the body of a POST, or returns the reason why Alert24 rejects it. The documentation leaves open whether Alert24
 * accepts unknown fields, empty texts and invalid UTF-8. They are rejected here, so that no client relies on them.
 */
function readSentChange(body: Uint8Array): { change: SentChange } | { problem: string } {
	let change: unknown;
	try {
		change = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
	} catch {
		return { problem: 'body must be valid JSON in UTF-8' };
	}
	if (typeof change !== 'object' || change === null || Array.isArray(change)) {
		return { problem: 'body must be a JSON object' };
	}
	const problem = findProblem(change as Readonly<Record<string, unknown>>);
	return problem === undefined ? { change: change as SentChange } : { problem };
}

function findProblem(change: Readonly<Record<string, unknown>>): string | undefined {
	if (change['summary'] === undefined || change['summary'] === '') return 'summary is required';
	for (const [name, value] of Object.entries(change)) {
		const rule = Object.hasOwn(changeFields, name) ? changeFields[name] : undefined;
		if (rule === undefined) return `${name} is not a field of a change`;
		if (rule === 'texts') {
			if (!Array.isArray(value) || !value.every(isText)) return `${name} must be an array of strings`;
		} else if (!isText(value)) {
			return `${name} must be a string that is not empty`;
		} else if (rule !== 'text' && !rule.includes(value)) {
			return `${name} must be one of: ${rule.join(', ')}`;
		}
	}
	return undefined;
}

function isText(value: unknown): value is string {
	return typeof value === 'string' && value !== '';
}

/** Returns undefined if an escape is malformed. */
function decodeSegment(segment: string): string | undefined {
	try {
		return decodeURIComponent(segment);
	} catch {
		return undefined;
	}
}
