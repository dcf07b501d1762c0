import { monotonicMs } from '../monotonic-ms.ts';
import { NetworkFault } from '../network/network-fault.ts';
import { type Network, sendRequest } from '../network/send-request.ts';
import { parseJson, property } from '../text/json-value.ts';
import { truncate } from '../text/truncate.ts';
import { quote } from '../text/visible-text.ts';

/** GitLab did not answer a question. The message is the reason, in words that fit after a colon. */
export class LookupError extends Error {
	override readonly name = 'LookupError';
	/** The status of the response. Undefined: there was no complete response, or not one of GitLab's API. */
	readonly status: number | undefined;

	constructor(message: string, status?: number) {
		super(message);
		this.status = status;
	}
}

export type GitlabClientOptions = Readonly<{
	/** GitLab's CI_API_V4_URL. The token goes to this address alone. */
	apiUrl: URL;
	projectId: string;
	jobToken: string;
	network: Network;
	/** The longest time for one request. */
	requestMs: number;
	/** The longest time for all requests, from the construction of the client. */
	totalMs: number;
	/** Removes secrets from every text of a response. */
	redact: (text: string) => string;
}>;

/** One page of a list, or one object. */
export type GitlabResponse = Readonly<{
	body: unknown;
	/** The number of the next page. Undefined: this page is the last one. */
	nextPage: string | undefined;
	/** The number of items on all pages, if GitLab counted them. */
	total: number | undefined;
}>;

type Query = Readonly<Record<string, string>>;

const longestBody = 8 * 1024 * 1024;
const longestReason = 120;

/**
 * Reads GitLab's REST API below one project with the token of the running job (docs.gitlab.com/ci/jobs/ci_job_token).
 * It sends GETs only and does not follow redirects.
 */
export class GitlabClient {
	readonly #options: GitlabClientOptions;
	readonly #deadlineMs: number;

	constructor(options: GitlabClientOptions) {
		this.#options = options;
		this.#deadlineMs = monotonicMs() + options.totalMs;
	}

	/** Returns the JSON of one response. `path` is below the project. Throws a LookupError. */
	async get(path: string, query: Query = {}): Promise<GitlabResponse> {
		const { apiUrl, projectId, jobToken, network, requestMs, totalMs, redact } = this.#options;
		const remainingMs = this.#deadlineMs - monotonicMs();
		if (remainingMs < 1) throw new LookupError(`the ${totalMs / 1000} s for all lookups are used up`);
		const base = apiUrl.href.replace(/\/$/, '');
		const search = new URLSearchParams(query).toString();
		const url = `${base}/projects/${encodeURIComponent(projectId)}${path}${search === '' ? '' : `?${search}`}`;
		try {
			const limits = { limitMs: Math.min(requestMs, remainingMs), longestBody };
			const request = { method: 'GET', url, urlSetting: 'CI_API_V4_URL', headers: { 'job-token': jobToken } } as const;
			const { status, headers, body } = await sendRequest(request, limits, network);
			const json = parseJson(redact(body));
			if (status !== 200) throw new LookupError(`${status}${describeError(status, json)}`, status);
			if (json === undefined) {
				throw new LookupError(`the response is not JSON: ${quote(truncate(redact(body).trim(), longestReason))}`);
			}
			const total = Number(headers['x-total'] ?? Number.NaN);
			return {
				body: json,
				nextPage: String(headers['x-next-page'] ?? '') || undefined,
				total: Number.isInteger(total) ? total : undefined,
			};
		} catch (error) {
			if (error instanceof NetworkFault) throw new LookupError(error.message);
			throw error;
		}
	}

	/**
	 * Returns the items of a list, page after page, and true if the list has more pages than were read. Throws a
	 * LookupError, also for an item that `read` does not recognize.
	 */
	async list<Item>(
		path: string,
		query: Query,
		read: (item: unknown) => Item | undefined,
		mostPages: number,
	): Promise<Readonly<{ items: readonly Item[]; hasMore: boolean }>> {
		const items: Item[] = [];
		let page: string | undefined = '1';
		for (let count = 0; page !== undefined && count < mostPages; count += 1) {
			const response: GitlabResponse = await this.get(path, { ...query, per_page: query['per_page'] ?? '100', page });
			items.push(...readItems(response.body, read));
			page = response.nextPage;
		}
		return { items, hasMore: page !== undefined };
	}
}

/** The reason for a response of another shape. */
export const unknownFormat = 'the response has an unknown format';

function readItems<Item>(body: unknown, read: (item: unknown) => Item | undefined): Item[] {
	if (!Array.isArray(body)) throw new LookupError(unknownFormat);
	return body.map((item) => {
		const known = read(item);
		if (known === undefined) throw new LookupError(unknownFormat);
		return known;
	});
}

// `{"message": "403 Forbidden"}`, `{"error": "insufficient_scope", "error_description": …}`
function describeError(status: number, body: unknown): string {
	if (status >= 300 && status < 400) return ' (a redirect, which is not followed)';
	const texts = ['error_description', 'message', 'error'].map((name) => property(body, name));
	const text = texts.find((candidate) => typeof candidate === 'string');
	if (text === undefined) return '';
	const words = text.replace(/^\d{3} (- )?/, '').trim();
	return words === '' ? '' : ` (${truncate(words, longestReason)})`;
}
