import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { systemClock } from '../../src/delivery/clock.ts';
import { Log } from '../../src/log/log.ts';
import type { SqlOutbox } from '../../src/outbox/sql-outbox.ts';
import { openRelayDelivery } from '../../src/relay/open-relay-delivery.ts';
import { listSecrets, type RelaySettings } from '../../src/relay/relay-settings.ts';
import { readRules } from '../../src/relay/rules.ts';
import { openOutbox, type Relay, type RelayOptions, startRelay } from '../../src/relay/start-relay.ts';
import { Redactor } from '../../src/text/redact.ts';
import type { Alert24StandIn } from '../../stand-in/alert24-stand-in.ts';
import { createTerminal } from './terminal.ts';

export const gitlabSecret = `whsec_${Buffer.from('a signing key for these tests 32').toString('base64')}`;
export const gitlabToken = 'gitlab-token-of-these-tests';
export const bitbucketSecret = 'bitbucket-secret-of-these-tests';

export const relayRules = `
ignore:
  - environment: review/**
rules:
  - project: shop/*
    environment: [production, staging, eu/*, load-*]
    service_id: svc_shop
    record_failures: true
  - project: acme/legacy
    branch: [master, develop]
    environment: production
    service_id: [svc_a, svc_b]
    change_type: deployment
  - project: marcus/project-x
    branch: master
    environment: production
`;

export type TestRelay = Readonly<{
	url: string;
	relay: Relay;
	outbox: SqlOutbox;
	/** All that was logged so far. */
	readLog(): string;
	/** Resolves when a condition holds; fails after a minute, or after `limitMs`. */
	until(condition: () => boolean | Promise<boolean>, what: string, limitMs?: number): Promise<void>;
	[Symbol.asyncDispose](): Promise<void>;
}>;

export type TestRelayOptions = Readonly<{ store?: string; rules?: string }> &
	Partial<Pick<RelayOptions, 'worker' | 'clock' | 'readJob' | 'limits'>>;

/** Starts a relay in this process, on a free port, which records in the stand-in. */
export async function startTestRelay(alert24: Alert24StandIn, options: TestRelayOptions = {}): Promise<TestRelay> {
	const folder = mkdtempSync(join(tmpdir(), 'alert24-relay-'));
	const { store = join(folder, 'relay.sqlite'), clock = systemClock, readJob } = options;
	const rules = readRules(options.rules ?? relayRules);
	if (!('rules' in rules)) throw new Error(rules.problems.join('\n'));
	const settings: RelaySettings = {
		store,
		listen: { host: '127.0.0.1', port: 0 },
		rules: rules.rules,
		gitlabSecrets: [gitlabSecret, gitlabToken],
		bitbucketSecrets: [bitbucketSecret],
		gitlabToken: undefined,
		gitlabUrl: 'https://gitlab.com',
		retentionMs: 14 * 24 * 3_600_000,
	};
	const environment = { ALERT24_API_KEY: alert24.apiKey };
	const redactor = new Redactor(environment);
	for (const secret of listSecrets(settings)) redactor.hide(secret);
	const terminal = createTerminal();
	const log = new Log(terminal, redactor, { isVerbose: true });
	const outbox = await openOutbox(store, () => clock.date());
	const sending = { apiUrl: new URL(alert24.url), apiKey: alert24.apiKey, proxyEnv: {} };
	const { deliver, budgetMs } = openRelayDelivery(sending, { environment, log, redactor, clock });
	const worker = { pollMs: 20, longestPauseMs: 50, ...options.worker };
	const { limits } = options;
	const relay = await startRelay({
		settings,
		outbox,
		deliver,
		budgetMs,
		readJob,
		log,
		redactor,
		clock,
		worker,
		limits,
	});
	let isStopped = false;
	const stop = async () => {
		if (!isStopped) await relay.stop();
		isStopped = true;
	};
	return {
		url: relay.url,
		relay: { ...relay, stop },
		outbox,
		readLog: () => terminal.stdout + terminal.stderr,
		until: async (condition, what, limitMs = 60_000) => {
			const deadline = performance.now() + limitMs;
			while (!(await condition())) {
				if (performance.now() > deadline)
					throw new Error(`not within ${limitMs} ms: ${what}\n${terminal.stdout}${terminal.stderr}`);
				await new Promise((resolve) => setTimeout(resolve, 10));
			}
		},
		[Symbol.asyncDispose]: async () => {
			await stop();
			rmSync(folder, { recursive: true, force: true });
		},
	};
}

/** A GitLab webhook, signed with `gitlabSecret`. */
export function signGitlab(payload: unknown, id = 'msg_1'): RequestInit {
	const body = typeof payload === 'string' ? payload : JSON.stringify(payload);
	const date = new Date();
	return {
		method: 'POST',
		body,
		headers: {
			'content-type': 'application/json',
			'x-gitlab-event': 'Deployment Hook',
			'webhook-id': id,
			'webhook-timestamp': String(Math.floor(date.getTime() / 1000)),
			'webhook-signature': new Webhook(gitlabSecret).sign(id, date, body),
		},
	};
}

/** A Bitbucket webhook, signed with `bitbucketSecret`. */
export function signBitbucket(event: string, payload: unknown): RequestInit {
	const body = JSON.stringify(payload);
	const signature = createHmac('sha256', bitbucketSecret).update(body).digest('hex');
	return {
		method: 'POST',
		body,
		headers: { 'content-type': 'application/json', 'x-event-key': event, 'x-hub-signature': `sha256=${signature}` },
	};
}
