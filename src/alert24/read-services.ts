import { isSuccess } from '../network/send-request.ts';
import { parseJson, property } from '../text/json-value.ts';
import { truncate } from '../text/truncate.ts';
import { type Alert24Client, pageSize, type TimeLimits } from './alert24-client.ts';

/** A service of the organization. */
export type Service = Readonly<{ id: string; name: string }>;

const mostPages = 50;
const longestText = 255;

/**
 * Reads all services of the key's organization, page by page (alert24.net/docs/api-services). Returns undefined if
 * Alert24 responds with anything but a list, or with a list without end. Throws a NetworkFault if no complete response
 * arrives.
 */
export async function readServices(
	client: Alert24Client,
	readLimits: () => TimeLimits,
): Promise<Service[] | undefined> {
	const services: Service[] = [];
	for (let page = 0; page < mostPages; page += 1) {
		const { status, body } = await client.listServices(page * pageSize, readLimits());
		const list = parseJson(body);
		const found = property(list, 'data');
		if (!isSuccess(status) || !Array.isArray(found)) return undefined;
		for (const service of found) {
			services.push({ id: readText(service, 'id'), name: readText(service, 'name') });
		}
		if (found.length === 0 || property(property(list, 'meta'), 'has_more') !== true) return services;
	}
	return undefined;
}

function readText(service: unknown, field: string): string {
	return truncate(String(property(service, field)), longestText);
}
