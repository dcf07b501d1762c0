import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Fault } from '../../stand-in/alert24-faults.ts';
import { type Alert24StandIn, startAlert24 } from '../../stand-in/alert24-stand-in.ts';
import { findPostgres, startPostgres } from '../support/postgres-server.ts';
import { gitlabSecret, relayRules, signGitlab } from '../support/relay.ts';
import { buildDeploymentEvent } from './load-event.ts';

const bundle = fileURLToPath(new URL('../../dist/alert24-notify.js', import.meta.url));
const leastKills = 20;
const resendAfter = 10;
const environments = ['production', 'staging', 'eu/berlin', 'eu/paris', 'load-1', 'load-2', 'load-3', 'load-4'];

// Each is the state of Alert24 for a while. With `recordsFirst`, Alert24 records the change and the answer is lost.
const troubles: readonly (Fault | 'slow list' | undefined)[] = [
	undefined,
	{ kind: 'status', status: 503 },
	undefined,
	{ kind: 'reset', when: 'after' },
	{ kind: 'late', delayMs: 300 },
	{ kind: 'slow-record', delayMs: 3000 },
	{ kind: 'hang-up', recordsFirst: true },
	undefined,
	{ kind: 'status', status: 502, recordsFirst: true },
	{ kind: 'status', status: 429, headers: { 'Retry-After': '1' } },
	{ kind: 'status', status: 401 },
	'slow list',
	{ kind: 'reset', when: 'before' },
];

/** A relay as a process that is killed and started again. */
class RelayProcess {
	readonly #environment: Readonly<Record<string, string>>;
	#child: ChildProcess | undefined;
	url = '';
	log = '';
	kills = 0;

	constructor(environment: Readonly<Record<string, string>>) {
		this.#environment = environment;
	}

	async start(): Promise<void> {
		const child = spawn(process.execPath, [bundle, 'serve'], {
			env: { PATH: process.env['PATH'], ...this.#environment },
		});
		this.#child = child;
		let output = '';
		const listening = new Promise<void>((resolve, reject) => {
			child.stderr.on('data', (text) => {
				output += text;
				const url = /Listening on (http:\S+):/.exec(output)?.[1];
				if (url === undefined) return;
				this.url = url;
				resolve();
			});
			child.once('exit', () => reject(new Error(`the relay ended: ${output}`)));
		});
		child.stdout.resume();
		await listening;
		child.once('exit', () => {
			this.log += output;
		});
	}

	async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<number> {
		const child = this.#child;
		if (child === undefined || child.exitCode !== null || child.signalCode !== null) return 0;
		const startedMs = performance.now();
		const exited = once(child, 'exit');
		child.kill(signal);
		await exited;
		this.kills += 1;
		return performance.now() - startedMs;
	}
}

function buildEnvironment(alert24: Alert24StandIn, folder: string, store: string): Record<string, string> {
	const rules = join(folder, 'rules.yaml');
	writeFileSync(rules, relayRules);
	return {
		ALERT24_API_KEY: alert24.apiKey,
		ALERT24_API_URL: alert24.url,
		ALERT24_RELAY_STORE: store,
		ALERT24_RELAY_RULES: rules,
		ALERT24_RELAY_LISTEN: '127.0.0.1:0',
		ALERT24_RELAY_GITLAB_SECRETS: gitlabSecret,
	};
}

// Sends an event until a relay accepts it, as nobody does for GitLab; an event counts only from its first 202 on.
async function send(number: number, relays: readonly RelayProcess[]): Promise<void> {
	const environment = environments[number % environments.length];
	const event = buildDeploymentEvent(number, { environment, status_changed_at: new Date().toISOString() });
	for (let attempt = 0; ; attempt += 1) {
		const relay = relays[(number + attempt) % relays.length];
		try {
			const signal = AbortSignal.timeout(3000);
			const { status } = await fetch(`${relay?.url}/webhooks/gitlab`, {
				...signGitlab(event, `msg_${number}`),
				signal,
			});
			if (status === 202) return;
			assert.equal(status, 503);
		} catch (error) {
			if (error instanceof assert.AssertionError) throw error;
			await wait(20);
		}
	}
}

// The job ids of the records of one environment, in the order in which Alert24 recorded them.
function readJobs(alert24: Alert24StandIn, environment: string | undefined): number[] {
	return alert24.sentChanges
		.filter((change) => change['environment'] === environment)
		.map((change) => Number(String(change['external_id']).split(':')[4]));
}

async function runChaos(
	store: string,
	folder: string,
	replicas: number,
	events: number,
	killEveryMs: number,
): Promise<void> {
	await using alert24 = await startAlert24();
	const environment = buildEnvironment(alert24, folder, store);
	const relays = Array.from({ length: replicas }, () => new RelayProcess(environment));
	for (const relay of relays) await relay.start();
	let isOver = false;
	const killing = (async () => {
		while (!isOver) {
			await wait(killEveryMs * (0.2 + Math.random() * 1.6));
			const relay = relays[Math.floor(Math.random() * relays.length)];
			await relay?.kill();
			await relay?.start();
		}
	})();
	const troubling = (async () => {
		for (let round = 0; !isOver; round += 1) {
			alert24.heal();
			const trouble = troubles[round % troubles.length];
			if (trouble === 'slow list') alert24.failListsAlways({ kind: 'late', delayMs: 1000 });
			else if (trouble !== undefined) alert24.failAlways(trouble);
			await wait(700 + Math.random() * 1500);
		}
		alert24.heal();
	})();
	const leastEach = events / environments.length;
	const countKills = () => relays.reduce((sum, relay) => sum + relay.kills, 0);
	// The events of one environment are sent one after another, so that their order is certain. Each is sent again some
	// events later.
	const sendAll = async (_: string, index: number): Promise<number[]> => {
		const sent: number[] = [];
		while (sent.length < leastEach || countKills() < leastKills) {
			const number = (sent.length + 1) * environments.length + index;
			await send(number, relays);
			sent.push(number);
			const earlier = sent.at(-1 - resendAfter);
			if (earlier !== undefined) await send(earlier, relays);
			// The kills and the events come to their end together.
			const isAheadOfKills = sent.length * leastKills > leastEach * countKills();
			if (isAheadOfKills) await wait(100);
		}
		for (const number of sent.slice(-resendAfter)) await send(number, relays);
		return sent;
	};
	let accepted: number[][];
	try {
		accepted = await Promise.all(environments.map(sendAll));
	} finally {
		isOver = true;
		await Promise.all([killing, troubling]);
	}
	alert24.heal();
	const deadline = performance.now() + 300_000;
	const expected = accepted.flat().length;
	while (new Set(alert24.sentChanges.map((change) => change['external_id'])).size < expected) {
		assert.ok(performance.now() < deadline, `${alert24.changes.length} of ${expected} are recorded`);
		await wait(200);
	}
	const stopMs = await Promise.all(relays.map((relay) => relay.kill('SIGTERM')));
	for (const ms of stopMs) assert.ok(ms < 10_000, `SIGTERM took ${ms} ms`);

	const recorded = environments.map((environment) => readJobs(alert24, environment));
	assert.deepEqual(recorded, accepted, 'each accepted event is recorded once, in the order of its environment');
	const kills = countKills();
	assert.ok(kills >= leastKills + relays.length, `only ${kills} kills`);
	for (const relay of relays) {
		assert.ok(!relay.log.includes(alert24.apiKey) && !relay.log.includes(gitlabSecret), 'a secret is in the log');
		assert.doesNotMatch(relay.log, /a fault in alert24-notify/);
	}
}

suite('the relay under kill -9', () => {
	test('records each accepted event once and in order: SQLite, 1,000 events twice', async () => {
		const folder = mkdtempSync(join(tmpdir(), 'alert24-crash-'));
		try {
			await runChaos(join(folder, 'relay.sqlite'), folder, 1, 1000, 1500);
		} finally {
			rmSync(folder, { recursive: true, force: true });
		}
	});

	const programs = findPostgres();
	test('records each accepted event once and in order: PostgreSQL, two replicas, 1,000 events twice', {
		skip: programs === undefined && 'PostgreSQL is not installed',
	}, async () => {
		const folder = mkdtempSync(join(tmpdir(), 'alert24-crash-'));
		await using server = await startPostgres(programs ?? '');
		try {
			await runChaos(await server.createDatabase(), folder, 2, 1000, 1500);
		} finally {
			rmSync(folder, { recursive: true, force: true });
		}
	});
});
