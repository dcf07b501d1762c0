import { type Answer, errorAnswer } from './alert24-answer.ts';
import type { ChangeLog } from './alert24-change-log.ts';
import { readSentChange } from './alert24-validation.ts';

/** What a key may do; `write` includes `read`. */
export type Scope = 'read' | 'write';

export type Organization = {
	readonly keys: ReadonlyMap<string, Scope>;
	/** The ids of its services; undefined: whatever is named exists. */
	readonly services: ReadonlySet<string> | undefined;
	readonly log: ChangeLog;
};

export type ApiRequest = {
	readonly method: string;
	/** Path and query below the base URL, such as `/api/v1/changes?limit=100`. */
	readonly path: string;
	readonly authorization: string | undefined;
	readonly contentType: string | undefined;
	readonly body: Uint8Array;
};

/** Answers by https://alert24.net/docs/api-changes, and records what a valid POST sends. */
export function answerRequest(request: ApiRequest, organization: Organization): Answer {
	const key = /^Bearer (\S+)$/.exec(request.authorization ?? '')?.[1];
	const scope = organization.keys.get(key ?? '');
	if (scope === undefined) return errorAnswer(401);

	const [path = '', query] = request.path.split('?');
	const route = /^\/api\/v1\/(?:services\/([^/]+)\/)?changes$/.exec(path);
	if (route === null || !['GET', 'POST'].includes(request.method)) return errorAnswer(404);
	if (request.method === 'POST' && scope !== 'write') return errorAnswer(403);

	const serviceId = route[1] && decodeSegment(route[1]);
	if (serviceId === undefined && route[1] !== undefined) return errorAnswer(404);
	if (request.method === 'POST') return create(request, organization, serviceId);
	if (!exists(serviceId, organization)) return errorAnswer(404, 'Service not found');
	return organization.log.list(new URLSearchParams(query), serviceId);
}

function create(request: ApiRequest, organization: Organization, serviceInPath: string | undefined): Answer {
	if (!/^application\/json\s*(;|$)/i.test(request.contentType ?? '')) {
		return errorAnswer(400, 'Content-Type must be application/json');
	}
	const read = readSentChange(request.body);
	if ('problem' in read) return errorAnswer(400, read.problem);
	const serviceInBody = read.change['service_id'] as string | undefined;
	if (serviceInPath !== undefined && serviceInBody !== undefined && serviceInPath !== serviceInBody) {
		return errorAnswer(400, 'service_id must be the one in the path');
	}
	if (!exists(serviceInPath ?? serviceInBody, organization)) return errorAnswer(404, 'Service not found');
	return { status: 201, body: { data: organization.log.record(read.change, serviceInPath) } };
}

function exists(serviceId: string | undefined, { services }: Organization): boolean {
	return serviceId === undefined || services === undefined || services.has(serviceId);
}

/** Undefined where an escape is malformed. */
function decodeSegment(segment: string): string | undefined {
	try {
		return decodeURIComponent(segment);
	} catch {
		return undefined;
	}
}
