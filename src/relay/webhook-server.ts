import type { Socket } from 'node:net';
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import type { Log } from '../log/log.ts';
import { OutboxError } from '../outbox/outbox.ts';
import type { SqlOutbox } from '../outbox/sql-outbox.ts';
import type { EventSource, RelayMetrics } from './metrics.ts';
import type { EventReceiver } from './receive-event.ts';
import { buildBitbucketVerifier, buildGitlabVerifier, buildTokenVerifier } from './verify-sender.ts';

export type WebhookServerOptions = Readonly<{
	gitlabSecrets: readonly string[];
	bitbucketSecrets: readonly string[];
	receiver: EventReceiver;
	outbox: SqlOutbox;
	metrics: RelayMetrics;
	log: Log;
	now: () => number;
	/** Tests shorten the times. */
	limits?: ConnectionLimits | undefined;
}>;

/**
 * The longest times until the headers and the whole request arrived, and between two checks of them, in milliseconds.
 */
export type ConnectionLimits = Readonly<{
	headersTimeout: number;
	requestTimeout: number;
	connectionsCheckingInterval: number;
}>;

// Deployment events have about 2 KB, Bitbucket's at most 256 KB.
const longestBody = 1024 * 1024;
// GitLab and Bitbucket wait 10 s.
const storeMs = 2500;
const connectionLimits: ConnectionLimits = {
	headersTimeout: 5000,
	requestTimeout: 8000,
	connectionsCheckingInterval: 1000,
};
const readinessMs = 1000;
const reportAgainMs = 60_000;

/**
 * Builds the HTTP server of the relay. It responds with a status and an empty body, so that no response can contain a
 * secret.
 */
export function buildWebhookServer(options: WebhookServerOptions): FastifyInstance {
	const { gitlabSecrets, bitbucketSecrets, receiver, metrics, log, now } = options;
	const { limits = connectionLimits } = options;
	const server = fastify({
		logger: false,
		bodyLimit: longestBody,
		routerOptions: { maxParamLength: 1000 },
		keepAliveTimeout: 30_000,
		requestTimeout: limits.requestTimeout,
		http: limits,
		clientErrorHandler: rejectConnection,
		// The path is malformed or too long. Fastify's own response would repeat it, and it may contain a secret.
		frameworkErrors: ({ statusCode = 400 }, _request, reply: FastifyReply) => reply.code(statusCode).send(),
		// A response during the shutdown would be a lost event for GitLab; the requests in progress are finished.
		return503OnClosing: false,
		forceCloseConnections: 'idle',
	});
	// Signatures are made over the raw bytes, whatever the content type is.
	server.removeAllContentTypeParsers();
	server.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
	server.setNotFoundHandler((_request, reply) => reply.code(404).send());
	server.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
		const { statusCode = 500 } = error;
		if (statusCode >= 500) log.failure(`a fault while receiving an event: ${error.stack}`);
		return reply.code(statusCode).send();
	});

	const complain = new Limiter(reportAgainMs, now);
	const reject = (source: EventSource, reply: FastifyReply) => {
		metrics.countEvent(source, 'unauthorized');
		complain.run(source, () =>
			log.notice(
				`Rejected a ${source} event with 401: it has no valid signature or secret. Check the secret of the webhook, and the clock`,
			),
		);
		return reply.code(401).send();
	};
	const receive = async (source: EventSource, { headers, body }: FastifyRequest, reply: FastifyReply) => {
		try {
			await within(storeMs, receiver.receive({ source, headers, body: toBuffer(body) }));
			return await reply.code(202).send();
		} catch (error) {
			if (!(error instanceof OutboxError)) throw error;
			metrics.countStoreError();
			complain.run('store', () => log.failure(`Rejected an event with 503: the store ${error.message}`));
			return await reply.code(503).send();
		}
	};
	if (gitlabSecrets.length > 0) {
		const isFromGitlab = buildGitlabVerifier(gitlabSecrets);
		server.post('/webhooks/gitlab', (request, reply) => {
			const isKnown = isFromGitlab(request.headers, toBuffer(request.body));
			return isKnown ? receive('gitlab', request, reply) : reject('gitlab', reply);
		});
	}
	if (bitbucketSecrets.length > 0) {
		const isFromBitbucket = buildBitbucketVerifier(bitbucketSecrets);
		const isSecret = buildTokenVerifier(bitbucketSecrets);
		server.post('/webhooks/bitbucket', (request, reply) => {
			const isKnown = isFromBitbucket(request.headers, toBuffer(request.body));
			return isKnown ? receive('bitbucket', request, reply) : reject('bitbucket', reply);
		});
		server.post<{ Params: { secret: string } }>('/webhooks/bitbucket/:secret', (request, reply) => {
			const isKnown = isSecret(request.params.secret);
			return isKnown ? receive('bitbucket', request, reply) : reject('bitbucket', reply);
		});
	}
	addProbes(server, options);
	return server;
}

// The request could not be parsed, or did not arrive in time.
function rejectConnection({ code }: Error & { code?: string }, socket: Socket): void {
	const statuses: Readonly<Record<string, string>> = {
		HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
		ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
	};
	const status = statuses[code ?? ''] ?? '400 Bad Request';
	if (socket.writable) socket.write(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
	socket.destroySoon();
}

function addProbes(server: FastifyInstance, { outbox, metrics, now }: WebhookServerOptions): void {
	server.get('/livez', (_request, reply) => reply.code(200).send());
	let checkedAt = Number.NEGATIVE_INFINITY;
	let check = Promise.resolve(false);
	server.get('/readyz', async (_request, reply) => {
		if (Math.abs(now() - checkedAt) > readinessMs) {
			checkedAt = now();
			check = within(storeMs, outbox.checkWritable()).then(
				() => true,
				() => false,
			);
		}
		return await reply.code((await check) ? 200 : 503).send();
	});
	server.get('/metrics', async (_request, reply) => {
		const text = await metrics.render();
		return await reply.code(200).type('text/plain; version=0.0.4; charset=utf-8').send(text);
	});
}

/** Runs an action at most once per interval for each name. */
class Limiter {
	readonly #intervalMs: number;
	readonly #now: () => number;
	readonly #lastRuns = new Map<string, number>();

	constructor(intervalMs: number, now: () => number) {
		this.#intervalMs = intervalMs;
		this.#now = now;
	}

	run(name: string, action: () => void): void {
		const last = this.#lastRuns.get(name);
		if (last !== undefined && Math.abs(this.#now() - last) < this.#intervalMs) return;
		this.#lastRuns.set(name, this.#now());
		action();
	}
}

async function within<Result>(limitMs: number, work: Promise<Result>): Promise<Result> {
	let timer: NodeJS.Timeout | undefined;
	const limit = new Promise<never>((_resolve, reject) => {
		timer = setTimeout(() => reject(new OutboxError(`did not respond within ${limitMs / 1000} s`)), limitMs);
	});
	// If the time is over, the end of the work does not matter any more.
	work.catch(() => undefined);
	try {
		return await Promise.race([work, limit]);
	} finally {
		clearTimeout(timer);
	}
}

function toBuffer(body: unknown): Buffer {
	return Buffer.isBuffer(body) ? body : Buffer.alloc(0);
}
