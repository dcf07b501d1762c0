import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import fc from 'fast-check';
import { type RetryPolicy, retryPolicy } from '../../src/delivery/retry-policy.ts';
import { type Fault, recordsFirst } from '../../stand-in/alert24-faults.ts';
import { type Alert24StandIn, type ReceivedRequest, startAlert24 } from '../../stand-in/alert24-stand-in.ts';
import { certificates } from '../../stand-in/certificates.ts';
import { gitlabJob, type RunResult, runInProcess } from '../support/run-in-process.ts';
import { startFaultyProxy } from './faulty-proxy.ts';
import { fuzzSeed } from './fuzz-seed.ts';
import { networkRegressions } from './network-regressions.ts';
import { type NetworkRow, randomNetworks, staleLists } from './random-network.ts';
import { ScaledClock } from './scaled-clock.ts';
import { assertKeepsSecrets, secrets } from './secrets.ts';

const networks = 200;
const atOnce = 8;
const seed = fuzzSeed();

const budgetMs = 60_000;
const policy: Partial<RetryPolicy> = { firstAttemptMs: 700, attemptMs: 700, lookupMs: 700 };
// The requests in progress when the budget ends, on a busy machine.
const toleranceMs = 3000;

const host = 'alert24.corp.example';
const { good: tls, caFile } = await certificates(host);
const directory = await mkdtemp(join(tmpdir(), 'alert24-networks-'));
after(() => rmSync(directory, { recursive: true, force: true }));
let runs = 0;

type Trial = RunResult & Readonly<{ startedAtMs: number; durationMs: number; folder: string }>;

suite(`a command on a random network, seed ${seed},`, { concurrency: atOnce }, () => {
	for (const [index, row] of networkRegressions.entries()) {
		test(`keeps the promises in row ${index + 1} of the regression list`, () => checkNetwork(row));
	}
	for (let part = 0; part < atOnce; part += 1) {
		test(`keeps the promises, part ${part + 1}`, async () => {
			const property = fc.asyncProperty(randomNetworks, checkNetwork);
			const numRuns = networks / atOnce;
			await fc.assert(property, {
				seed: seed + part,
				numRuns,
				interruptAfterTimeLimit: 900_000,
				markInterruptAsFailure: true,
			});
		});
	}
});

async function checkNetwork(row: NetworkRow): Promise<void> {
	await using alert24 = await startAlert24({
		keys: { [secrets.apiKey]: 'write' },
		...(row.proxy !== undefined && { tls }),
	});
	for (let number = 1; number <= row.others; number += 1) alert24.record({ summary: `Other change ${number}` });
	alert24.failWith(...row.posts);
	alert24.failAlways(row.lastPost);
	alert24.failListsWith(...row.lists);
	alert24.failListsAlways(row.lastList);
	await using network = new AsyncDisposableStack();
	const variables = await openRoute(row, alert24, network);

	const first = await runCommand([], variables, { folder: join(directory, `${++runs}`), policy });
	checkTruth(row, alert24, first);
	const kept = await readKept(first.folder);
	for (const id of listIds(row)) {
		const isThere = countRecords(alert24, id) > 0 || kept.includes(id);
		assert.ok(isThere, `${id} is lost:\n${first.stderr}`);
	}

	// Records that are still on their way.
	const pendingMs = Math.max(
		0,
		...alert24.posts.map(({ fault }) => (fault.kind === 'slow-record' ? fault.delayMs : 0)),
	);
	await wait(pendingMs);
	alert24.heal();
	const direct =
		row.proxy === undefined
			? variables
			: await openRoute({ ...row, proxy: { first: [], last: 'open' } }, alert24, network);
	const replay = await runCommand(['replay', first.folder], direct, { folder: first.folder, policy: {} });
	assert.equal(replay.exitCode, 0, `${replay.stdout}${replay.stderr}`);
	assert.deepEqual(await readdir(first.folder).catch(() => []), []);
	for (const id of listIds(row)) assert.ok(countRecords(alert24, id) > 0, `the replay did not record ${id}`);
	checkRepetitions(row, alert24, first);

	const requests = alert24.requests.map(({ path, headers: { authorization: _, ...headers }, body }) => [
		path,
		headers,
		body,
	]);
	assertKeepsSecrets({
		stdout: first.stdout + replay.stdout,
		stderr: first.stderr + replay.stderr,
		requests: JSON.stringify(requests),
	});
}

/** Returns the variables of a job that reaches the stand-in through the network of the row. */
async function openRoute(
	{ services, proxy }: NetworkRow,
	alert24: Alert24StandIn,
	network: AsyncDisposableStack,
): Promise<Record<string, string>> {
	const job = {
		...gitlabJob,
		CI_JOB_TOKEN: secrets.jobToken,
		ALERT24_API_KEY: secrets.apiKey,
		ALERT24_ENVIRONMENT: 'production',
		ALERT24_SERVICE_ID: Array.from({ length: services }, (_, index) => `svc_${index + 1}`).join(),
		ALERT24_TIMEOUT: String(budgetMs / 1000),
		ALERT24_VERBOSE: 'true',
	};
	const userinfo = `${secrets.proxyUser}:${encodeURIComponent(secrets.proxyPassword)}`;
	// No proxy leads to this machine, but its password is a secret of the job.
	if (proxy === undefined) {
		return { ...job, ALERT24_API_URL: alert24.url, HTTPS_PROXY: `http://${userinfo}@proxy.example.com` };
	}
	const { port } = network.use(await startFaultyProxy(proxy.first, proxy.last, alert24.port));
	return {
		...job,
		ALERT24_API_URL: alert24.url.replace(alert24.origin, `https://${host}`),
		SSL_CERT_FILE: caFile,
		HTTPS_PROXY: `http://${userinfo}@127.0.0.1:${port}`,
	};
}

async function runCommand(
	argv: readonly string[],
	variables: Readonly<Record<string, string>>,
	{ folder, policy }: Readonly<{ folder: string; policy: Partial<RetryPolicy> }>,
): Promise<Trial> {
	const clock = new ScaledClock();
	const [startedAtMs, begin] = [performance.now(), clock.now()];
	const result = await runInProcess(
		argv,
		{ ...variables, ALERT24_UNDELIVERED_DIR: folder },
		{ clock, policy: { ...retryPolicy, ...policy } },
	);
	assert.notEqual(result.exitCode, 1, result.stderr);
	return { ...result, startedAtMs, durationMs: clock.now() - begin, folder };
}

/** The lines, the exit code and the files agree with each other and with Alert24. */
function checkTruth(row: NetworkRow, alert24: Alert24StandIn, trial: Trial): void {
	const { exitCode, stdout, stderr, startedAtMs, durationMs } = trial;
	const output = `${stdout}${stderr}\n${describeRequests(alert24, startedAtMs)}`;
	assert.ok(durationMs < budgetMs + toleranceMs, `${durationMs} ms:\n${output}`);
	const lines = [
		...`${stdout}${stderr}`.matchAll(
			/^(?:alert24-notify: )?(Recorded|Already recorded|NOT RECORDED|NOT CONFIRMED): .* for service "(\w+)"/gm,
		),
	];
	assert.deepEqual(lines.map(([, , service]) => service).sort(), listServices(row), output);
	for (const [, result = '', service = ''] of lines) {
		const isStored = alert24.changes.some(({ service_id: id }) => id === service);
		if (result.endsWith('ecorded')) assert.ok(isStored, `a claimed record of ${service} is missing:\n${output}`);
		// A stale list is the only proof that can be wrong.
		else if (result === 'NOT RECORDED' && !hasStaleList(row) && !hasLateRecord(row, alert24)) {
			assert.ok(!isStored, `a denied record of ${service} is there:\n${output}`);
		}
	}
	const isDone = lines.every(([, result = '']) => result.endsWith('ecorded'));
	assert.equal(exitCode === 0, isDone, output);
	assert.ok([0, 4, 5].includes(exitCode), output);
}

/** Two records are possible only in the documented window: no list between them showed the first one. */
function checkRepetitions(row: NetworkRow, alert24: Alert24StandIn, first: Trial): void {
	if (row.services > 1) return;
	const output = `${first.stdout}${first.stderr}\n${describeRequests(alert24, first.startedAtMs)}`;
	const { requests } = alert24;
	const recording = alert24.posts.filter(({ fault }) => recordsFirst(fault));
	const [earliest] = recording;
	const storedAtMs = Math.min(...recording.map(({ processedAtMs = Number.POSITIVE_INFINITY }) => processedAtMs));
	for (const post of alert24.posts.filter(({ receivedAtMs }) => receivedAtMs > storedAtMs)) {
		if (post === earliest) continue;
		// The newest change is on the first page.
		const lists = requests.filter(
			({ method, path, fault, processedAtMs = 0 }) =>
				method === 'GET' &&
				!path.includes('offset=') &&
				fault.kind === 'none' &&
				processedAtMs > storedAtMs &&
				processedAtMs < post.receivedAtMs,
		);
		// On a busy machine, even a healthy list can take too long.
		const tooLate = output.match(/lookup in Alert24: unreadable, no c/g)?.length ?? 0;
		assert.ok(lists.length <= tooLate, `sent again although a list showed the change:\n${output}`);
		// A request for the list may end at the proxy.
		if (row.proxy !== undefined) continue;
		const sinceFirst = listBetween(requests, earliest, post);
		assert.ok(sinceFirst.length > 0, `sent again without a list:\n${output}`);
		if (sinceFirst.every(isTransientList)) {
			// The pauses are shorter than the time that they stand for.
			const waitedMs = post.receivedAtMs - first.startedAtMs;
			assert.ok(
				waitedMs > budgetMs / 2 / ScaledClock.scale,
				`sent again after ${waitedMs} ms without a list:\n${output}`,
			);
		}
	}
}

function listBetween(
	requests: readonly ReceivedRequest[],
	one: ReceivedRequest | undefined,
	other: ReceivedRequest,
): Fault[] {
	const between = one === undefined ? [] : requests.slice(requests.indexOf(one) + 1, requests.indexOf(other));
	return between.filter(({ method }) => method === 'GET').map(({ fault }) => fault);
}

// A later request for the list may succeed.
function isTransientList(fault: Fault): boolean {
	if (fault.kind === 'status') return [408, 425, 429].includes(fault.status) || fault.status >= 500;
	return ['reset', 'hang-up', 'silence', 'headers-only', 'trickle'].includes(fault.kind);
}

function hasStaleList({ lists, lastList }: NetworkRow): boolean {
	return [...lists, lastList].some((fault) => staleLists.includes(fault));
}

// The record came after the list that proved its absence.
function hasLateRecord({ posts, lastPost }: NetworkRow, { posts: received }: Alert24StandIn): boolean {
	return received.length > 0 && [...posts, lastPost].some(({ kind }) => kind === 'slow-record');
}

function listServices({ services }: NetworkRow): string[] {
	return Array.from({ length: services }, (_, index) => `svc_${index + 1}`);
}

function listIds(row: NetworkRow): string[] {
	const { CI_SERVER_FQDN: server, CI_PROJECT_ID: project, CI_JOB_ID: job } = gitlabJob;
	return listServices(row).map((service) => `gitlab:${server}:${project}:job:${job}:production:${service}`);
}

function countRecords(alert24: Alert24StandIn, externalId: string): number {
	return alert24.changes.filter(({ external_id: id }) => id === externalId).length;
}

async function readKept(folder: string): Promise<string[]> {
	const names = await readdir(folder).catch(() => []);
	const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
	assertKeepsSecrets({ 'the folder': texts.join('\n') });
	return texts.map((text) => String(JSON.parse(text).change.external_id));
}

function describeRequests({ requests, changes }: Alert24StandIn, startedAtMs: number): string {
	const since = (ms = Number.NaN) => `${Math.round(ms - startedAtMs)} ms`;
	const lines = requests.map(({ method, path, fault, receivedAtMs, processedAtMs }) => {
		const offset = path.includes('offset=') ? ' (a further page)' : '';
		const times = `${since(receivedAtMs)}, processed at ${since(processedAtMs)}`;
		return `${times}: ${method}${offset} ${JSON.stringify(fault).slice(0, 200)}`;
	});
	const ids = changes.flatMap(({ external_id: id = [] }) => id);
	return [...lines, ...ids.map((id) => `stored: ${id}`)].join('\n');
}
