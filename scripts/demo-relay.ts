// Starts a stand-in of Alert24 and the relay on this machine, sends it a GitLab event, a Bitbucket push and a POST
// service payload, kills it in between, and prints the changes that were recorded. Needs no account and no network.
import { type ChildProcess, spawn } from 'node:child_process';
import { createHmac, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { startAlert24 } from '../stand-in/alert24-stand-in.ts';

const rules = `rules:
  - project: shop/*
    environment: production
    service_id: svc_shop
  - project: acme/legacy
    branch: master
    environment: production
    service_id: svc_legacy
    change_type: deployment
  - project: marcus/project-x
    branch: master
    environment: production
`;
const bundle = join(import.meta.dirname, '../dist/alert24-notify.js');
const gitlabSecret = `whsec_${randomBytes(32).toString('base64')}`;
const bitbucketSecret = randomBytes(24).toString('hex');

function loadPayload(name: string): Record<string, unknown> {
	const file = new URL(`../test/relay/events/${name}.json`, import.meta.url);
	return (JSON.parse(readFileSync(file, 'utf8')) as { payload: Record<string, unknown> }).payload;
}

async function startRelay(environment: Record<string, string>): Promise<{ child: ChildProcess; url: string }> {
	const child = spawn(process.execPath, [bundle, 'serve'], { env: { PATH: process.env['PATH'], ...environment } });
	const url = await new Promise<string>((resolve, reject) => {
		child.stderr.on('data', (text) => {
			process.stdout.write(String(text).replace(/^(?=.)/gm, '  '));
			const found = /Listening on (http:\S+):/.exec(String(text))?.[1];
			if (found !== undefined) resolve(found);
		});
		child.once('exit', (code) => reject(new Error(`the relay ended with ${code}`)));
	});
	child.stdout.on('data', (text) => process.stdout.write(String(text).replace(/^(?=.)/gm, '  ')));
	return { child, url };
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
	const exited = once(child, 'exit');
	child.kill(signal);
	await exited;
}

async function post(url: string, body: string, headers: Record<string, string>): Promise<void> {
	const response = await fetch(url, { method: 'POST', body, headers });
	console.log(`POST ${new URL(url).pathname.replace(bitbucketSecret, '<secret>')}: ${response.status}`);
}

const folder = mkdtempSync(join(tmpdir(), 'alert24-demo-relay-'));
try {
	await using alert24 = await startAlert24();
	const file = join(folder, 'rules.yaml');
	writeFileSync(file, rules);
	const environment = {
		ALERT24_API_KEY: alert24.apiKey,
		ALERT24_API_URL: alert24.url,
		ALERT24_RELAY_STORE: join(folder, 'relay.sqlite'),
		ALERT24_RELAY_RULES: file,
		ALERT24_RELAY_LISTEN: '127.0.0.1:0',
		ALERT24_RELAY_GITLAB_SECRETS: gitlabSecret,
		ALERT24_RELAY_BITBUCKET_SECRETS: bitbucketSecret,
	};
	console.log(
		`The rules of the relay:\n\n${rules}\nThe relay starts. Alert24 (a stand-in, on this machine) is down.\n`,
	);
	alert24.failAlways({ kind: 'status', status: 503 });
	const first = await startRelay(environment);

	const event = JSON.stringify({
		...loadPayload('gitlab-deployment-success'),
		status_changed_at: new Date().toISOString(),
	});
	const now = new Date();
	await post(`${first.url}/webhooks/gitlab`, event, {
		'webhook-id': 'msg_1',
		'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
		'webhook-signature': new Webhook(gitlabSecret).sign('msg_1', now, event),
	});
	const push = JSON.stringify(loadPayload('bitbucket-push'));
	await post(`${first.url}/webhooks/bitbucket`, push, {
		'x-event-key': 'repo:push',
		'x-hub-signature': `sha256=${createHmac('sha256', bitbucketSecret).update(push).digest('hex')}`,
	});
	await end(first.child, 'SIGKILL');
	console.log('\nkill -9. Both events were answered with 202, so they are stored. The relay starts again.\n');

	const second = await startRelay(environment);
	const form = new URLSearchParams({ payload: JSON.stringify(loadPayload('post-service-git')) }).toString();
	await post(`${second.url}/webhooks/bitbucket/${bitbucketSecret}`, form, {
		'content-type': 'application/x-www-form-urlencoded',
	});
	console.log('\nAlert24 is back.\n');
	alert24.heal();
	const deadline = performance.now() + 60_000;
	while (alert24.changes.length < 3 && performance.now() < deadline)
		await new Promise((resolve) => setTimeout(resolve, 100));
	await end(second.child, 'SIGTERM');

	console.log(
		`\nThe ${alert24.changes.length} changes that Alert24 has recorded:\n\n${JSON.stringify(alert24.changes, undefined, 2)}`,
	);
	process.exitCode = alert24.changes.length === 3 ? 0 : 1;
} finally {
	rmSync(folder, { recursive: true, force: true });
}
