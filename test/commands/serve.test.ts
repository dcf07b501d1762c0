import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openSqliteOutbox } from '../../src/outbox/sqlite-outbox.ts';
import { startAlert24 } from '../../stand-in/alert24-stand-in.ts';
import { buildEntry } from '../outbox/sql-outbox.ts';
import { buildDeploymentEvent } from '../relay/load-event.ts';
import { gitlabSecret, relayRules, signGitlab } from '../support/relay.ts';
import { runInProcess } from '../support/run-in-process.ts';
import { createTerminal } from '../support/terminal.ts';

const folder = mkdtempSync(join(tmpdir(), 'alert24-serve-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const rules = join(folder, 'rules.yaml');
writeFileSync(rules, relayRules);
const key = 'ak_live_0123456789abcdefghijklmnopqrstuv';
let stores = 0;

function buildVariables(changes: Record<string, string> = {}): Record<string, string> {
	stores += 1;
	return {
		ALERT24_API_KEY: key,
		ALERT24_RELAY_STORE: join(folder, `${stores}.sqlite`),
		ALERT24_RELAY_RULES: rules,
		ALERT24_RELAY_LISTEN: '127.0.0.1:0',
		ALERT24_RELAY_GITLAB_SECRETS: gitlabSecret,
		...changes,
	};
}

function eventPath(name: string): string {
	return fileURLToPath(new URL(`../relay/events/${name}.json`, import.meta.url));
}

function savePayload(name: string): string {
	const path = join(folder, `${name}.json`);
	writeFileSync(path, JSON.stringify(JSON.parse(readFileSync(eventPath(name), 'utf8')).payload));
	return path;
}

suite('serve', () => {
	test('records events until it is stopped, and exits with 0', async () => {
		await using alert24 = await startAlert24();
		const terminal = createTerminal();
		const stopping = new AbortController();
		const variables = buildVariables({ ALERT24_API_KEY: alert24.apiKey, ALERT24_API_URL: alert24.url });
		const serving = runInProcess(['serve'], variables, { terminal, signal: stopping.signal });
		const readLog = () => terminal.stdout + terminal.stderr;
		while (!readLog().includes('Listening on')) await new Promise((resolve) => setTimeout(resolve, 10));
		const url = /Listening on (http:\S+):/.exec(readLog())?.[1];
		const { status } = await fetch(`${url}/webhooks/gitlab`, signGitlab(buildDeploymentEvent(1)));
		assert.equal(status, 202);
		await alert24.nthRequest(2);
		stopping.abort();
		assert.equal((await serving).exitCode, 0);
		assert.equal(alert24.changes.length, 1);
		assert.ok(!readLog().includes(gitlabSecret) && !readLog().includes(alert24.apiKey));
	});

	test('reports every mistake at once before it listens, without a secret', async () => {
		const broken = join(folder, 'broken.yaml');
		writeFileSync(broken, 'rules: [{environment: production}]');
		const run = await runInProcess(['serve'], {
			ALERT24_API_URL: 'http://alert24.example.com',
			ALERT24_RELAY_STORE: 'mysql://relay:pass-word-of-mysql@db/relay',
			ALERT24_RELAY_RULES: broken,
			ALERT24_RELAY_LISTEN: 'somewhere',
			ALERT24_RELAY_GITLAB_SECRETS: 'short,whsec_not-base-64-at-all!',
			ALERT24_RELAY_BITBUCKET_SECRETS: 'x',
			ALERT24_RELAY_BITBUCKET_SECRETS_FILE: '/y',
			ALERT24_RELAY_GITLAB_URL: 'gitlab',
			ALERT24_RELAY_RETENTION: '0',
		});
		assert.equal(run.exitCode, 2);
		const expected = [
			'ALERT24_API_KEY is not set: create a key with the scope write in Alert24',
			'must begin with https://',
			'ALERT24_RELAY_STORE must be a path, or a URL that begins with postgres://',
			`${broken}: rules[0] lacks project`,
			'ALERT24_RELAY_LISTEN must be a port, or host:port',
			'secret 1 of ALERT24_RELAY_GITLAB_SECRETS has only 5 characters',
			'secret 2 of ALERT24_RELAY_GITLAB_SECRETS is not a signing token',
			'ALERT24_RELAY_BITBUCKET_SECRETS and ALERT24_RELAY_BITBUCKET_SECRETS_FILE are both set',
			'ALERT24_RELAY_GITLAB_URL must be the https URL',
			'ALERT24_RELAY_RETENTION must be a number of days',
		];
		for (const text of expected) assert.ok(run.stderr.includes(text), `${text}\n\n${run.stderr}`);
		assert.equal(run.stderr.trim().split('\n').length, expected.length);
		assert.doesNotMatch(run.stderr, /pass-word-of-mysql|not-base-64/);
	});

	test('reports a password in the store that is not encoded, without the password', async () => {
		const ALERT24_RELAY_STORE = 'postgres://relay:50%off-secret@127.0.0.1:1/db';
		for (const args of [['serve'], ['outbox', 'list']]) {
			const run = await runInProcess(args, buildVariables({ ALERT24_RELAY_STORE }));
			assert.equal(run.exitCode, 2, run.stderr);
			assert.match(run.stderr, /ALERT24_RELAY_STORE contains a % that encodes no character: write %25 for %/);
			assert.doesNotMatch(run.stdout + run.stderr, /off-secret/);
		}
	});

	test('does not start without a secret', async () => {
		const { ALERT24_RELAY_GITLAB_SECRETS: _, ...variables } = buildVariables();
		const run = await runInProcess(['serve'], variables);
		assert.equal(run.exitCode, 2);
		assert.match(run.stderr, /no secret is set: .* without one, anybody could record changes/);
	});

	test('reads secrets and the store from files', async () => {
		const { ALERT24_RELAY_GITLAB_SECRETS: _, ALERT24_RELAY_STORE: __, ...variables } = buildVariables();
		const [secrets, store] = [join(folder, 'secrets'), join(folder, 'store')];
		writeFileSync(secrets, `${gitlabSecret}\nanother-secret-of-gitlab\n`);
		writeFileSync(store, `${join(folder, 'from-file.sqlite')}\n`);
		const files = { ALERT24_RELAY_GITLAB_SECRETS_FILE: secrets, ALERT24_RELAY_STORE_FILE: store };
		const run = await runInProcess(['serve', '--check'], { ...variables, ...files });
		assert.equal(run.exitCode, 0, run.stderr);
		assert.match(
			run.stdout,
			/^Valid: 3 rules, 2 GitLab secrets, 0 Bitbucket secrets, the store is ".*from-file.sqlite"\n$/,
		);
		assert.ok(existsSync(join(folder, 'from-file.sqlite')));
	});
});

suite('explain', () => {
	const variables = { ALERT24_RELAY_RULES: rules };

	test('prints the rule and the change', async () => {
		const run = await runInProcess(['explain', savePayload('gitlab-deployment-success')], variables);
		assert.equal(run.exitCode, 0, run.stderr);
		assert.match(run.stdout, /^Rule 1 matches. The change:\n\{\n {2}"summary": "Deployed web-shop @ 5b1e7d20"/);
	});

	const rows: [name: string, expected: RegExp][] = [
		['bitbucket-push', /Rule 2 matches[\s\S]*svc_a[\s\S]*Rule 2 matches[\s\S]*svc_b/],
		['bitbucket-status-successful', /Not recorded: no rule matches project "acme\/legacy", .*status "-1634290"/],
		['bitbucket-pull-request-merged', /Rule 2 matches[\s\S]*"pr_number": "17"/],
		['post-service-git', /Rule 3 matches[\s\S]*Pushed project-x @ 620ade18/],
		['gitlab-deployment-running', /Not recorded: the event reports that a deployment runs/],
		['gitlab-deployment-approved', /Not recorded: the deployment status "approved" is not an outcome/],
		['gitlab-deployment-merge-request', /Not recorded: ignore\[0\] of the rules matches/],
		['gitlab-custom-template', /Not recorded: the body is not an event .* \(remove a custom template of the webhook\)/],
		['gitlab-deployment-canceled', /It is recorded only if an event or GitLab’s API shows that the deployment ran/],
	];
	for (const [name, expected] of rows) {
		test(`explains ${name}`, async () => {
			assert.match((await runInProcess(['explain', savePayload(name)], variables)).stdout, expected);
		});
	}

	test('reads the form body of the POST service from stdin', async () => {
		const { body } = JSON.parse(readFileSync(eventPath('post-service-form'), 'utf8'));
		const run = await runInProcess(['explain', '-'], variables, { stdin: body });
		assert.match(run.stdout, /Pushed project-x @ 620ade18/);
	});

	test('reports a file that is not an event, and one that does not exist', async () => {
		for (const path of [rules, join(folder, 'missing.json')]) {
			const run = await runInProcess(['explain', path], variables);
			assert.equal(run.exitCode, 2);
			assert.match(run.stderr, /is not the body of a webhook: not JSON|missing.json" does not exist/);
		}
	});

	test('prints one result as JSON, with the change or the reason', async () => {
		for (const [name, outcome, changes] of [
			['gitlab-deployment-success', 'dry_run', 1],
			['gitlab-deployment-running', 'nothing_to_record', 0],
		] as const) {
			const run = await runInProcess(['explain', savePayload(name)], { ...variables, ALERT24_OUTPUT: 'json' });
			const result = JSON.parse(run.stdout);
			assert.deepEqual(
				[result.outcome, result.changes.length, result.reason === undefined],
				[outcome, changes, changes === 1],
			);
		}
		const check = await runInProcess(['serve', '--check'], buildVariables({ ALERT24_OUTPUT: 'json' }));
		assert.deepEqual(JSON.parse(check.stdout), { outcome: 'checked', exit_code: 0, services: [] });
	});
});

suite('outbox', () => {
	async function fill(path: string): Promise<void> {
		const outbox = await openSqliteOutbox(path);
		await outbox.put(buildEntry(1));
		await outbox.put(buildEntry(2));
		const claim = await outbox.claim(1000);
		assert.ok(claim);
		await outbox.finish(claim, { state: 'refused', reason: 'Alert24 answered 400' } as never);
		await outbox.end();
	}

	test('lists what waits and what was refused, and makes the refused due again', async () => {
		const store = join(folder, 'outbox.sqlite');
		await fill(store);
		const variables = { ALERT24_RELAY_STORE: store };
		const list = await runInProcess(['outbox', 'list'], variables);
		assert.equal(list.exitCode, 0, list.stderr);
		assert.match(
			list.stdout,
			/^refused since 20\S+, 1 attempt: Deployed shop @ 00000001 in "production": Alert24 answered 400\npending since 20\S+, 0 attempts: Deployed shop @ 00000002 in "production"\n$/,
		);
		const retry = await runInProcess(['outbox', 'retry'], variables);
		assert.equal(retry.stdout, '1 refused change is sent again by the relay\n');
		assert.equal((await runInProcess(['outbox', 'retry'], variables)).stdout, 'No change is refused\n');
	});

	test('prints one result as JSON for each action', async () => {
		const store = join(folder, 'json.sqlite');
		await fill(store);
		const run = async (...argv: string[]) => {
			const { stdout } = await runInProcess(['outbox', ...argv], {
				ALERT24_RELAY_STORE: store,
				ALERT24_OUTPUT: 'json',
			});
			const { outcome, exit_code, services } = JSON.parse(stdout);
			return { outcome, exit_code, states: services.map(({ state, external_id }: never) => [state, external_id]) };
		};
		const states = [
			['refused', 'gitlab:1'],
			['undelivered', 'gitlab:2'],
		];
		assert.deepEqual(await run('list'), { outcome: 'listed', exit_code: 0, states });
		assert.deepEqual(await run('export', join(folder, 'json')), { outcome: 'exported', exit_code: 0, states });
		assert.deepEqual(await run('retry'), { outcome: 'retried', exit_code: 0, states: [] });
		assert.deepEqual(await run('retry'), { outcome: 'nothing_to_record', exit_code: 0, states: [] });
	});

	test('exports a folder that replay sends', async () => {
		await using alert24 = await startAlert24();
		const store = join(folder, 'export.sqlite');
		const target = join(folder, 'exported');
		await fill(store);
		const exported = await runInProcess(['outbox', 'export', target], { ALERT24_RELAY_STORE: store });
		assert.equal(exported.exitCode, 0, exported.stderr);
		assert.equal(readdirSync(target).length, 2);
		const replay = await runInProcess(['replay', target], {
			ALERT24_API_KEY: alert24.apiKey,
			ALERT24_API_URL: alert24.url,
		});
		assert.equal(replay.exitCode, 0, replay.stderr);
		assert.deepEqual(alert24.sentChanges.map((change) => change['external_id']).toSorted(), ['gitlab:1', 'gitlab:2']);
	});

	test('shows a failure that waits to see if it ran, and does not export it', async () => {
		const store = join(folder, 'undecided.sqlite');
		const target = join(folder, 'decided');
		const outbox = await openSqliteOutbox(store);
		await outbox.put(buildEntry(1));
		await outbox.put({ ...buildEntry(2), waitsFor: 'job 2' });
		await outbox.put({ ...buildEntry(3), waitsFor: 'job 3' });
		for (const _ of [1, 2]) await outbox.claim(1000);
		const claim = await outbox.claim(1000);
		assert.ok(claim);
		await outbox.setAside(claim, 'GitLab responded with 500', new Date());
		await outbox.end();
		const variables = { ALERT24_RELAY_STORE: store };
		const list = await runInProcess(['outbox', 'list'], variables);
		assert.match(
			list.stdout,
			/00000002 in "production": waits to see if it ran\n.*00000003 in "production": waits to see if it ran: GitLab responded with 500\n$/,
		);
		const json = await runInProcess(['outbox', 'list'], { ...variables, ALERT24_OUTPUT: 'json' });
		assert.equal(JSON.parse(json.stdout).services[1].reason, 'waits to see if it ran');
		const exported = await runInProcess(['outbox', 'export', target], variables);
		assert.equal(readdirSync(target).length, 1);
		assert.match(exported.stdout, /^Not exported: .*00000002 in "production": waits to see if it ran\n/);
		assert.match(exported.stdout, /\nExported 1 change to ".*decided"/);
	});

	test('reports a SQLite store that does not exist, and does not create it', async () => {
		const store = join(folder, 'mistyped.sqlite');
		for (const action of [['list'], ['retry'], ['export', join(folder, 'nothing')]]) {
			const run = await runInProcess(['outbox', ...action], { ALERT24_RELAY_STORE: store });
			assert.equal(run.exitCode, 2);
			assert.match(run.stderr, /the store ".*mistyped\.sqlite" does not exist: set ALERT24_RELAY_STORE to/);
			assert.ok(!existsSync(store));
		}
	});

	test('reports a store that a relay uses, and one that is not set', async () => {
		const store = join(folder, 'used.sqlite');
		const outbox = await openSqliteOutbox(store);
		const used = await runInProcess(['outbox', 'list'], { ALERT24_RELAY_STORE: store });
		assert.match(used.stderr, /is in use by another process: stop that relay first/);
		await outbox.end();
		const run = await runInProcess(['outbox', 'list'], {});
		assert.equal(run.exitCode, 2);
		assert.match(run.stderr, /ALERT24_RELAY_STORE is not set/);
	});
});
