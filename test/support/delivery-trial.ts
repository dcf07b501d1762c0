import assert from 'node:assert/strict';
import { rmSync, statSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../src/delivery/clock.ts';
import { type RetryPolicy, retryPolicy } from '../../src/delivery/retry-policy.ts';
import { FolderOutbox } from '../../src/outbox/folder-outbox.ts';
import type { UndeliveredChange } from '../../src/outbox/undelivered-change.ts';
import type { Alert24StandIn } from '../../stand-in/alert24-stand-in.ts';
import { gitlabJob, type RunResult, runInProcess } from './run-in-process.ts';
import { VirtualClock } from './virtual-clock.ts';

const directory = await mkdtemp(join(tmpdir(), 'alert24-trials-'));
process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
let files = 0;

/** The name and password of the proxies in tests. */
export const proxyCredentials = { username: 'proxy-user', password: 'pr0xy pass@word' };

const proxySecrets = [proxyCredentials.password, encodeURIComponent(proxyCredentials.password)].concat(
	Buffer.from(`${proxyCredentials.username}:${proxyCredentials.password}`).toString('base64'),
);

export type Trial = RunResult & {
	/** The pauses between attempts, in milliseconds. */
	readonly pauses: readonly number[];
	/** The changes in the folder of undelivered changes, in the order of their services. */
	readonly undelivered: readonly UndeliveredChange[];
	readonly undeliveredDir: string;
};

export type TrialOptions = {
	readonly argv?: readonly string[];
	readonly variables?: Readonly<Record<string, string>>;
	readonly policy?: Partial<RetryPolicy>;
	readonly signal?: AbortSignal;
	readonly stdin?: string;
	/** Absent: a clock that skips the pauses. */
	readonly clock?: Clock;
};

/** A path where no file is yet, in a directory that goes with the process. */
export function makePath(): string {
	files += 1;
	return join(directory, `${files}.json`);
}

/** The variables of a job that records in this stand-in, and explains each step. */
export function makeVariables(alert24: Alert24StandIn): Record<string, string> {
	return {
		...gitlabJob,
		ALERT24_ENVIRONMENT: 'production',
		ALERT24_API_KEY: alert24.apiKey,
		ALERT24_API_URL: alert24.url,
		ALERT24_VERBOSE: 'true',
		ALERT24_UNDELIVERED_DIR: makePath(),
	};
}

/** Runs the command against the stand-in with pauses that cost no time, and checks what must hold whatever happens. */
export async function tryDelivery(alert24: Alert24StandIn, options: TrialOptions = {}): Promise<Trial> {
	const variables = { ...makeVariables(alert24), ...options.variables };
	const virtualClock = new VirtualClock();
	const run = await runInProcess(options.argv ?? [], variables, {
		clock: options.clock ?? virtualClock,
		...(options.stdin !== undefined && { stdin: options.stdin }),
		policy: { ...retryPolicy, ...options.policy },
		...(options.signal && { signal: options.signal }),
	});
	const undeliveredDir = variables['ALERT24_UNDELIVERED_DIR'] ?? '';
	const undelivered = readUndelivered(undeliveredDir);
	assertKeepsSecrets(run.stdout + run.stderr + JSON.stringify(undelivered), variables, alert24);
	return { ...run, pauses: virtualClock.pauses, undelivered, undeliveredDir };
}

/** Reads the changes in a folder, in the order of their services. Every file must be a whole change. */
export function readUndelivered(folder: string): UndeliveredChange[] {
	if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return [];
	const outbox = new FolderOutbox(folder, { date: Date.now });
	assert.deepEqual(outbox.loadFolder(), []);
	const serviceOf = ({ change }: UndeliveredChange) => change.service_id ?? '';
	return outbox.waiting.sort((one, other) => serviceOf(one).localeCompare(serviceOf(other)));
}

function assertKeepsSecrets(text: string, variables: Record<string, string>, alert24: Alert24StandIn): void {
	const secrets = [alert24.apiKey, variables['ALERT24_API_KEY'], variables['CI_JOB_TOKEN'], ...proxySecrets];
	const leaked = secrets.filter((secret) => secret && text.includes(secret));
	assert.deepEqual(leaked, [], `a secret is in the output:\n${text}`);
	assert.doesNotMatch(text, /^\s+at /m);
}
