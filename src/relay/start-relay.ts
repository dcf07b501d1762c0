import type { AddressInfo } from 'node:net';
import type { Clock } from '../delivery/clock.ts';
import type { Log } from '../log/log.ts';
import { OutboxError } from '../outbox/outbox.ts';
import { openPostgresOutbox } from '../outbox/postgres-outbox.ts';
import type { SqlOutbox } from '../outbox/sql-outbox.ts';
import { openSqliteOutbox } from '../outbox/sqlite-outbox.ts';
import { ConfigurationError } from '../reported-error.ts';
import type { Redactor } from '../text/redact.ts';
import { RelayMetrics } from './metrics.ts';
import { buildPrepare, type ReadGitlabJob } from './prepare-change.ts';
import { EventReceiver } from './receive-event.ts';
import { isPostgresUrl, type RelaySettings } from './relay-settings.ts';
import { RelayWorker, type RelayWorkerOptions } from './relay-worker.ts';
import { buildWebhookServer, type ConnectionLimits } from './webhook-server.ts';

export type RelayOptions = Readonly<{
	settings: RelaySettings;
	outbox: SqlOutbox;
	deliver: RelayWorkerOptions['deliver'];
	readJob: ReadGitlabJob | undefined;
	budgetMs: number;
	log: Log;
	redactor: Redactor;
	clock: Clock;
	/** Tests shorten the waits. */
	worker?: Pick<RelayWorkerOptions, 'concurrency' | 'pollMs' | 'longestPauseMs'>;
	limits?: ConnectionLimits | undefined;
}>;

export type Relay = Readonly<{
	/** Such as `http://127.0.0.1:8080`. */
	url: string;
	/** Stops within about 9 s: accepts nothing more, finishes or releases the work in progress, closes the store. */
	stop(): Promise<void>;
}>;

// Kubernetes and Docker kill a process 10 s or more after SIGTERM.
const closeMs = 3000;
const graceMs = 5000;

/** Opens the store of the settings. Throws a ConfigurationError. */
export function openOutbox(store: string, now: () => number): Promise<SqlOutbox> {
	return isPostgresUrl(store) ? openPostgresOutbox(store, now) : openSqliteOutbox(store, now);
}

/**
 * Starts the server and the worker on an open outbox, which `stop` closes. Throws a ConfigurationError if the address
 * cannot be used.
 */
export async function startRelay(options: RelayOptions): Promise<Relay> {
	const { settings, outbox, deliver, readJob, budgetMs, log, redactor, clock } = options;
	const now = () => clock.date();
	const metrics: RelayMetrics = new RelayMetrics(async () => {
		try {
			return await outbox.count();
		} catch (error) {
			if (!(error instanceof OutboxError)) throw error;
			metrics.countStoreError();
			return undefined;
		}
	}, now);
	const worker = new RelayWorker({
		outbox,
		prepare: buildPrepare(outbox, readJob, log),
		deliver,
		metrics,
		log,
		clock,
		budgetMs,
		retentionMs: settings.retentionMs,
		...options.worker,
	});
	const { rules } = settings;
	const onAccepted = () => worker.wake();
	const receiver = new EventReceiver({ outbox, rules, metrics, log, redactor, now, onAccepted });
	const server = buildWebhookServer({ ...settings, receiver, outbox, metrics, log, now, limits: options.limits });
	try {
		await server.listen(settings.listen);
	} catch (error) {
		await outbox.end();
		const { host, port } = settings.listen;
		const { code = 'unknown error' } = error as NodeJS.ErrnoException;
		throw new ConfigurationError([
			`cannot listen on ${host}:${port} (${code}): set ALERT24_RELAY_LISTEN to a free address`,
		]);
	}
	worker.start();
	const { address, port } = server.server.address() as AddressInfo;
	return {
		url: `http://${address.includes(':') ? `[${address}]` : address}:${port}`,
		stop: async () => {
			const timer = setTimeout(() => server.server.closeAllConnections(), closeMs);
			await Promise.all([server.close(), worker.stop(graceMs)]);
			clearTimeout(timer);
			await outbox.end();
		},
	};
}
