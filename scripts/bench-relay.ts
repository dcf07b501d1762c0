// Measures the relay: events that it accepts durably with a checked signature, on SQLite and on PostgreSQL, compared
// with a bare fastify that only answers 202. Exits with 1 if a number misses its limit.
import { type ChildProcess, spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import autocannon from 'autocannon';
import { makeRefusingUrl } from '../stand-in/unreachable.ts';
import { findPostgres, startPostgres } from '../test/support/postgres-server.ts';

const connections = 16;
const seconds = 8;
const waiting = 10_000;
const limits = { eventsPerSecond: 1500, shareOfBare: 0.35, p99Ms: 100, memoryMiB: 150 };

const key = Buffer.from('a signing key for this benchmark');
const secret = `whsec_${key.toString('base64')}`;
const eventFile = new URL('../test/relay/events/gitlab-deployment-success.json', import.meta.url);
const event = (JSON.parse(readFileSync(eventFile, 'utf8')) as { payload: Record<string, unknown> }).payload;
const rules = 'rules: [{project: "**", service_id: svc_shop}]';
const bundle = join(import.meta.dirname, '../dist/alert24-notify.js');
const bare = `import { fastify } from 'fastify';
const server = fastify({ logger: false });
server.removeAllContentTypeParsers();
server.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
server.post('/webhooks/gitlab', (_request, reply) => reply.code(202).send());
console.error('Listening on ' + (await server.listen({ host: '127.0.0.1', port: 0 })) + ':');`;

type Measurement = Readonly<{
	eventsPerSecond: number;
	p99Ms: number;
	accepted: number;
	others: number;
	memoryMiB: number;
}>;
type Server = Readonly<{ child: ChildProcess; url: string }>;

let jobs = 0;

// Each event is another deployment, in one of twenty environments.
function buildRequest(request: autocannon.Request): autocannon.Request {
	jobs += 1;
	const id = `msg_${jobs}`;
	const time = String(Math.floor(Date.now() / 1000));
	const body = JSON.stringify({ ...event, deployable_id: jobs, deployment_id: jobs, environment: `load-${jobs % 20}` });
	const signature = createHmac('sha256', key).update(`${id}.${time}.${body}`).digest('base64');
	const headers = {
		'content-type': 'application/json',
		'webhook-id': id,
		'webhook-timestamp': time,
		'webhook-signature': `v1,${signature}`,
	};
	return { ...request, method: 'POST', path: '/webhooks/gitlab', body, headers };
}

async function load({ url, child }: Server, duration: number, amount?: number): Promise<Measurement> {
	const load = amount === undefined ? { duration } : { amount };
	const result = await autocannon({ url, connections, ...load, requests: [{ setupRequest: buildRequest }] });
	const accepted = result['2xx'];
	return {
		eventsPerSecond: accepted / result.duration,
		p99Ms: result.latency.p99,
		accepted,
		others: result.non2xx + result.errors + result.timeouts,
		memoryMiB: readMemory(child),
	};
}

// Linux shows the resident set in kB.
function readMemory({ pid }: ChildProcess): number {
	const status = readFileSync(`/proc/${pid}/status`, 'utf8');
	return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1024;
}

async function start(args: readonly string[], environment: Record<string, string>): Promise<Server> {
	const child = spawn(process.execPath, args, { env: { PATH: process.env['PATH'], ...environment } });
	let output = '';
	const url = await new Promise<string>((resolve, reject) => {
		child.stderr.on('data', (text) => {
			if (output.length < 10_000) output += text;
			const found = /Listening on (http:\S+):/.exec(output)?.[1];
			if (found !== undefined) resolve(found);
		});
		child.once('exit', () => reject(new Error(output)));
	});
	child.stdout.resume();
	return { child, url };
}

async function stop({ child }: Server): Promise<void> {
	const exited = once(child, 'exit');
	child.kill('SIGTERM');
	await exited;
}

async function measure(server: Server): Promise<Measurement> {
	try {
		await load(server, 2);
		const measured = await load(server, seconds);
		const missing = Math.max(0, waiting - measured.accepted);
		const filled = missing === 0 ? measured : await load(server, seconds, missing);
		return { ...measured, others: measured.others + filled.others, memoryMiB: filled.memoryMiB };
	} finally {
		await stop(server);
	}
}

function judge(name: string, measured: Measurement, bareEventsPerSecond: number): boolean {
	const { eventsPerSecond, p99Ms, memoryMiB, others } = measured;
	const share = eventsPerSecond / bareEventsPerSecond;
	const checks: [text: string, isGood: boolean][] = [
		[
			`${Math.round(eventsPerSecond)} events/s (at least ${limits.eventsPerSecond})`,
			eventsPerSecond >= limits.eventsPerSecond,
		],
		[`${share.toFixed(2)} × bare fastify (at least ${limits.shareOfBare})`, share >= limits.shareOfBare],
		[`p99 ${p99Ms} ms (below ${limits.p99Ms})`, p99Ms < limits.p99Ms],
		[
			`${Math.round(memoryMiB)} MiB with ${waiting} or more waiting (below ${limits.memoryMiB})`,
			memoryMiB < limits.memoryMiB,
		],
		[`${others} failed requests`, others === 0],
	];
	console.log(`${name}:`);
	for (const [text, isGood] of checks) console.log(`  ${isGood ? 'ok    ' : 'MISSED'} ${text}`);
	return checks.every(([, isGood]) => isGood);
}

const programs = findPostgres();
const folder = mkdtempSync(join(tmpdir(), 'alert24-bench-relay-'));
try {
	writeFileSync(join(folder, 'rules.yaml'), rules);
	writeFileSync(join(folder, 'bare.mjs'), bare.replace("'fastify'", JSON.stringify(import.meta.resolve('fastify'))));
	const environment = {
		// Node chooses this value in a container with a memory limit of 256 MiB, as in examples/relay.
		NODE_OPTIONS: '--max-semi-space-size=1',
		ALERT24_API_KEY: 'ak_live_00000000000000000000000000000000',
		// Alert24 is away, so that every accepted change waits.
		ALERT24_API_URL: await makeRefusingUrl(),
		ALERT24_RELAY_RULES: join(folder, 'rules.yaml'),
		ALERT24_RELAY_LISTEN: '127.0.0.1:0',
		ALERT24_RELAY_GITLAB_SECRETS: secret,
	};
	const bareServer = await start([join(folder, 'bare.mjs')], {});
	const bareMeasured = await measure(bareServer);
	console.log(`bare fastify: ${Math.round(bareMeasured.eventsPerSecond)} events/s, p99 ${bareMeasured.p99Ms} ms`);
	const results: boolean[] = [];
	const sqlite = await start([bundle, 'serve'], { ...environment, ALERT24_RELAY_STORE: join(folder, 'relay.sqlite') });
	results.push(judge('SQLite', await measure(sqlite), bareMeasured.eventsPerSecond));
	if (programs === undefined) console.log('PostgreSQL: not measured, because it is not installed');
	else {
		await using server = await startPostgres(programs);
		const postgres = await start([bundle, 'serve'], {
			...environment,
			ALERT24_RELAY_STORE: await server.createDatabase(),
		});
		results.push(judge('PostgreSQL', await measure(postgres), bareMeasured.eventsPerSecond));
	}
	if (results.includes(false)) process.exitCode = 1;
} finally {
	rmSync(folder, { recursive: true, force: true });
}
