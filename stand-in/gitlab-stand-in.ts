import { randomBytes } from 'node:crypto';
import {
	createServer as createHttpServer,
	type IncomingHttpHeaders,
	type IncomingMessage,
	type ServerResponse,
	STATUS_CODES,
} from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { setTimeout as wait } from 'node:timers/promises';
import { type Fault, FaultPlan } from './alert24-faults.ts';
import { answerGet, findRoute, type GitlabAnswer, type GitlabEndpoint, refuse } from './gitlab-api.ts';
import type { GitlabScenario } from './gitlab-scenario.ts';
import { LoopbackServer } from './loopback-server.ts';
import { playFault } from './play-fault.ts';

export type GitlabOptions = Readonly<{
	/** Milliseconds before each response. */
	delayMs?: number;
	/** Serves https with this key and certificate, both PEM. */
	tls?: Readonly<{ key: string; cert: string }>;
	/** Default: a random one. */
	jobToken?: string;
}>;

export type GitlabRequest = Readonly<{
	method: string;
	/** With the relative URL root and the query. */
	path: string;
	headers: IncomingHttpHeaders;
	/** Undefined: the stand-in does not serve the path. */
	endpoint: GitlabEndpoint | undefined;
	/** By `performance.now()`. */
	receivedAtMs: number;
}>;

/**
 * A stand-in of GitLab's REST API on a free port of 127.0.0.1, below a random relative URL root. It follows
 * docs.gitlab.com/api, accepts only its job token in the header JOB-TOKEN, remembers the requests, and fails on request.
 */
export async function startGitlab(scenario: GitlabScenario, options: GitlabOptions = {}): Promise<GitlabStandIn> {
	const server = options.tls === undefined ? createHttpServer() : createHttpsServer(options.tls);
	const listening = await LoopbackServer.listen(server);
	const standIn = new GitlabStandIn(scenario, options, listening);
	server.on('request', (request, response) => void standIn.handle(request, response));
	return standIn;
}

export class GitlabStandIn {
	/** The history that the stand-in shows. A test may replace it between two runs. */
	scenario: GitlabScenario;
	readonly jobToken: string;
	readonly requests: GitlabRequest[] = [];
	readonly port: number;
	/** The page of the instance, e.g. `http://127.0.0.1:40000/t-1a2b3c`. */
	readonly url: string;
	readonly #root = `/t-${randomBytes(3).toString('hex')}`;
	readonly #options: GitlabOptions;
	readonly #listening: LoopbackServer;
	readonly #faults = new Map<GitlabEndpoint, FaultPlan>();
	readonly #everywhere = new FaultPlan();

	constructor(scenario: GitlabScenario, options: GitlabOptions, listening: LoopbackServer) {
		this.scenario = scenario;
		this.#options = options;
		this.jobToken = options.jobToken ?? `glcbt-64_${randomBytes(10).toString('hex')}`;
		this.#listening = listening;
		this.port = listening.port;
		this.url = `${options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${this.port}${this.#root}`;
	}

	/** The variables with which GitLab describes itself and the project to a job. */
	get variables() {
		const { id, path, defaultBranch = 'main' } = this.scenario.project;
		return {
			CI_API_V4_URL: `${this.url}/api/v4`,
			CI_JOB_TOKEN: this.jobToken,
			CI_PROJECT_ID: String(id),
			CI_PROJECT_NAME: path.split('/').at(-1) ?? path,
			CI_PROJECT_PATH: path,
			CI_PROJECT_URL: `${this.url}/${path}`,
			CI_DEFAULT_BRANCH: defaultBranch,
			// With the port and the relative root (Settings.build_server_fqdn).
			CI_SERVER_FQDN: this.url.replace(/^https?:\/\//, ''),
		};
	}

	/** The host in external ids. */
	get host(): string {
		return this.url.replace(/^https?:\/\//, '').replace(':', '%3A');
	}

	/** The endpoints that were requested, in the order of arrival. */
	get endpoints(): readonly (GitlabEndpoint | undefined)[] {
		return this.requests.map(({ endpoint }) => endpoint);
	}

	/** Every request to the endpoint meets this fault. */
	fail(endpoint: GitlabEndpoint | 'everything', fault: Fault): void {
		const plan = endpoint === 'everything' ? this.#everywhere : (this.#faults.get(endpoint) ?? new FaultPlan());
		plan.always(fault);
		if (endpoint !== 'everything') this.#faults.set(endpoint, plan);
	}

	/** Forgets all faults. */
	heal(): void {
		this.#faults.clear();
		this.#everywhere.clear();
	}

	async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
		const { method = '', url = '', headers } = request;
		const { pathname, searchParams } = new URL(url, this.url);
		const prefix = `${this.#root}/api/v4`;
		const route = pathname.startsWith(`${prefix}/`) ? findRoute(pathname.slice(prefix.length)) : undefined;
		this.requests.push({ method, path: url, headers, endpoint: route?.endpoint, receivedAtMs: performance.now() });
		if (this.#options.delayMs !== undefined) await wait(this.#options.delayMs);

		const answer = ((): GitlabAnswer => {
			if (headers['job-token'] !== this.jobToken) return refuse(401, '401 Unauthorized');
			if (route === undefined) return refuse(404, '404 Not Found', 'error');
			if (method !== 'GET') return refuse(405, '405 Not Allowed', 'error');
			return answerGet(route, searchParams, this.scenario, this.url);
		})();
		for (const [name, value] of Object.entries(answer.headers ?? {})) response.setHeader(name, value);
		const own = (route && this.#faults.get(route.endpoint)?.next()) ?? ({ kind: 'none' } as const);
		const fault = withGitlabError(own.kind === 'none' ? this.#everywhere.next() : own);
		const reset = () => this.#listening.reset(request.socket.remotePort);
		await playFault(fault, { request, response, healthy: answer, url: this.url, reset });
	}

	/** Ends at once, whatever is open. */
	close(): Promise<void> {
		return this.#listening.close();
	}

	[Symbol.asyncDispose](): Promise<void> {
		return this.close();
	}
}

// Gives a status GitLab's error as its body.
function withGitlabError(fault: Fault): Fault {
	if (fault.kind !== 'status' || fault.status < 400 || fault.body !== undefined) return fault;
	return { ...fault, body: { json: { message: `${fault.status} ${STATUS_CODES[fault.status]}` } } };
}
