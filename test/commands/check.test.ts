import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { type Alert24StandIn, startAlert24 } from '../../stand-in/alert24-stand-in.ts';
import { certificates } from '../../stand-in/certificates.ts';
import { LoopbackServer } from '../../stand-in/loopback-server.ts';
import { makeRefusingUrl } from '../../stand-in/unreachable.ts';
import { bitbucketStep } from '../support/bitbucket-step.ts';
import { gitlabJob, type RunResult, runInProcess } from '../support/run-in-process.ts';

suite('check', () => {
	let alert24: Alert24StandIn;
	before(async () => {
		const services = Array.from({ length: 130 }, (_, index) => `svc_${index}`);
		alert24 = await startAlert24({ services: ['svc_shop', ...services] });
	});
	after(() => alert24.close());

	async function check(variables: Record<string, string> = {}, ...argv: string[]): Promise<RunResult> {
		const environment = { ALERT24_API_KEY: alert24.apiKey, ALERT24_API_URL: alert24.url, ...variables };
		const result = await runInProcess(['check', ...argv], environment);
		const key = variables['ALERT24_API_KEY'] ?? alert24.apiKey;
		assert.ok(key === '' || !`${result.stdout}${result.stderr}`.includes(key));
		assert.deepEqual(alert24.changes, []);
		return result;
	}

	test('prints one line for each part of the setup, outside of a CI too', async () => {
		assert.deepEqual(await check({ ALERT24_SERVICE_ID: 'svc_shop,svc_129' }), {
			exitCode: 0,
			stdout: [
				'Settings: valid',
				`Address: ${alert24.url}`,
				'API key: accepted',
				'Scope: write',
				'Service: svc_shop is "Service svc_shop"',
				'Service: svc_129 is "Service svc_129"',
				'The setup works. Nothing was recorded.',
				'',
			].join('\n'),
			stderr: '',
		});
	});

	test('reports that changes belong to the organization without a service', async () => {
		assert.match((await check()).stdout, /^Service: none, so changes belong to the organization$/m);
	});

	test('names the service that the user meant, or the known ones', async () => {
		const typo = await check({ ALERT24_SERVICE_ID: 'svc_shp' });
		assert.equal(typo.stderr, 'alert24-notify: svc_shp is not known; did you mean svc_shop (Service svc_shop)?\n');
		assert.equal(typo.exitCode, 4);
		const name = await check({ ALERT24_SERVICE_ID: 'Service-svc_shop' });
		assert.match(name.stderr, /did you mean svc_shop \(Service svc_shop\)\?/);
		const other = await check({ ALERT24_SERVICE_ID: '7' });
		assert.match(other.stderr, /7 is not known; known services: svc_shop \(Service svc_shop\), svc_0 /);
		assert.doesNotMatch(other.stdout, /setup works/);
	});

	test('exits with 4 for a key that Alert24 rejects', async () => {
		const { exitCode, stderr } = await check({ ALERT24_API_KEY: 'ak_live_00000000000000000000000000000000' });
		assert.equal(exitCode, 4);
		assert.match(stderr, /answered 401 .*check ALERT24_API_KEY.*\(request id \S+\)/);
	});

	test('exits with 4 for a key that may only read', async () => {
		const { exitCode, stdout, stderr } = await check({ ALERT24_API_KEY: alert24.readOnlyKey });
		assert.equal(exitCode, 4);
		assert.match(stdout, /API key: accepted/);
		assert.match(stderr, /answered 403 .*the key needs the scope write/);
	});

	test('exits with 2 for mistakes in the settings, all at once, before it sends anything', async () => {
		const { exitCode, stdout, stderr } = await check({ ALERT24_API_KEY: '', ALERT24_TIMEOUT: 'soon' });
		assert.deepEqual([exitCode, stdout], [2, '']);
		assert.match(stderr, /ALERT24_TIMEOUT must be .*\n.*ALERT24_API_KEY is not set/);
	});

	test('exits with 5 if Alert24 cannot be reached', async () => {
		const { exitCode, stderr } = await check({ ALERT24_API_URL: await makeRefusingUrl() });
		assert.equal(exitCode, 5);
		assert.match(stderr, /was refused \(ECONNREFUSED\)/);
	});

	test('exits with 5 for a page that is not Alert24', async () => {
		alert24.failWith({ kind: 'status', status: 503 });
		assert.equal((await check()).exitCode, 5);
	});

	test('checks no service if Alert24 does not list its services', async () => {
		alert24.failListsWith({ kind: 'none' }, { kind: 'status', status: 404 });
		const { exitCode, stdout, stderr } = await check({ ALERT24_SERVICE_ID: 'svc_x' }, '--output', 'json');
		assert.match(stderr, /did not list its services, so the service ids are not checked/);
		assert.deepEqual(JSON.parse(stdout).services, [{ service_id: 'svc_x', state: 'unchecked' }]);
		assert.equal(exitCode, 0);
	});

	test('prints one JSON object with --output json', async () => {
		const { stdout } = await check({ ALERT24_SERVICE_ID: 'svc_shop' }, '--output', 'json');
		assert.deepEqual(JSON.parse(stdout), {
			outcome: 'checked',
			exit_code: 0,
			services: [{ service_id: 'svc_shop', state: 'known', name: 'Service svc_shop' }],
		});
	});

	suite('exits as a record would', () => {
		const longText = 'x'.repeat(300);
		const folder = mkdtempSync(join(tmpdir(), 'alert24-check-'));
		after(() => rmSync(folder, { recursive: true }));
		const rows: readonly (readonly [exitCode: number, variables: Record<string, string>])[] = [
			[0, {}],
			[3, { ALERT24_CHANGE_TYPE: 'deploy' }],
			[3, { ALERT24_RISK_LEVEL: 'hi' }],
			[2, { ALERT24_LOOKUP: 'off' }],
			[2, { ALERT24_DEDUPE: 'perhaps' }],
			[2, { ALERT24_RECORD_FAILURES: 'maybe' }],
			[2, { ALERT24_STATUS: 'ok' }],
			[2, { ALERT24_DRY_RUN: 'x' }],
			[2, { ALERT24_ENVIRONMENT: '$CI_ENVIRONMENT_NAME' }],
			[2, { ALERT24_ENVIRONMENT: '' }],
			[0, { ALERT24_ENVIRONMENT: '', CI_ENVIRONMENT_NAME: 'production' }],
			[2, { CI_JOB_STATUS: 'paused' }],
			[3, { ALERT24_SUMMARY: longText }],
			[3, { ALERT24_TAGS: longText }],
			[3, { ALERT24_CHANGED_BY: longText }],
			[2, { ALERT24_NAME: longText }],
			[3, { ALERT24_SERVICE_ID: 'a b' }],
			[2, { ALERT24_SERVICE_ID: 'a b', ALERT24_LOOKUP: 'off' }],
			[4, { ALERT24_SERVICE_ID: 'svc_other' }],
			[2, { HTTPS_PROXY: 'socks5://x:1', ALERT24_API_URL: 'https://alert24.example' }],
			[2, { ...bitbucketStep, GITLAB_CI: '', ALERT24_ENVIRONMENT: '', BITBUCKET_DEPLOYMENT_ENVIRONMENT: '' }],
		];
		for (const [exitCode, variables] of rows) {
			const title = Object.entries(variables).map(([name, value]) => `${name}=${value.slice(0, 30)}`);
			test(`with ${exitCode} for ${title.slice(-4).join(' ') || 'a valid job'}`, async () => {
				await using other = await startAlert24({ services: ['svc_shop'] });
				const environment = {
					...gitlabJob,
					ALERT24_API_KEY: other.apiKey,
					ALERT24_API_URL: other.url,
					ALERT24_ENVIRONMENT: 'production',
					ALERT24_UNDELIVERED_DIR: join(folder, 'undelivered'),
					...variables,
				};
				const checked = await runInProcess(['check'], environment);
				const recorded = await runInProcess([], environment);
				assert.deepEqual([checked.exitCode, recorded.exitCode], [exitCode, exitCode], checked.stderr + recorded.stderr);
				assert.equal(checked.stdout.includes('The setup works'), exitCode === 0);
			});
		}
	});

	test('verifies the settings of sync too, and each service of a job', async () => {
		const garbage = await check({ ALERT24_SERVICES: 'garbage' });
		assert.equal(garbage.exitCode, 2);
		assert.match(garbage.stderr, /ALERT24_SERVICES must be a list of job=service/);
		const unknown = await check({ ALERT24_SERVICES: 'shop=svc_shop, search=svc_serch' });
		assert.equal(unknown.exitCode, 4);
		assert.match(unknown.stdout, /^Service: svc_shop is "Service svc_shop"$/m);
		assert.match(unknown.stderr, /svc_serch is not known/);
	});

	test('proves no key and no scope by a response that is not from Alert24', async () => {
		const html = { kind: 'status', status: 200, body: 'html', isForeign: true } as const;
		const json = (status: number, body: unknown) =>
			({ kind: 'status', status, body: { json: body }, isForeign: true }) as const;
		for (const fault of [html, json(200, { success: false }), json(200, { data: {} })]) {
			alert24.failListsWith(fault);
			const { exitCode, stdout, stderr } = await check();
			assert.equal(exitCode, 5);
			assert.doesNotMatch(stdout, /API key/);
			assert.match(stderr, /the answer 200 does not confirm the key: a page that begins with/);
		}
		for (const fault of [{ ...html, status: 400 }, json(400, { success: false }), json(400, { error: 'no' })]) {
			alert24.failWith(fault);
			const { exitCode, stdout, stderr } = await check();
			assert.equal(exitCode, 5);
			assert.doesNotMatch(stdout, /Scope|works/);
			assert.match(stderr, /the answer 400 does not confirm the scope: a page that begins with/);
		}
		alert24.failWith(json(400, { error: { type: 'validation_error', message: 'no summary' } }));
		assert.equal((await check()).exitCode, 0);
	});

	suite('with another server', () => {
		/** Answers the list of changes and the probe as Alert24 does, and the services like this. */
		async function checkServices(id: string, answer: RequestListener, ...argv: string[]): Promise<RunResult> {
			const server = createServer((request, response) => {
				if (request.url?.includes('/services')) return answer(request, response);
				const isProbe = request.method === 'POST';
				response.writeHead(isProbe ? 400 : 200).end(JSON.stringify(isProbe ? { error: {} } : { data: [] }));
			});
			const loopback = await LoopbackServer.listen(server);
			const variables = { ALERT24_API_URL: `http://127.0.0.1:${loopback.port}`, ALERT24_SERVICE_ID: id };
			return await check(variables, ...argv).finally(() => loopback.close());
		}

		test('ends within ALERT24_TIMEOUT, however many pages of services there are', async () => {
			const services = JSON.stringify({ data: [{ id: 'svc_1', name: 'One' }], meta: { has_more: true } });
			const startedAt = performance.now();
			const { stderr } = await checkServices(
				'svc_x',
				(_request, response) => setTimeout(() => response.end(services), 400),
				'--timeout',
				'2',
			);
			assert.ok(performance.now() - startedAt < 10_000);
			assert.match(stderr, /did not list its services/);
		});

		test('shows no more than the beginning of a name, on one line', async () => {
			const data = [
				{ id: 'svc_1', name: 'x'.repeat(100_000) },
				{ id: 'svc_2', name: 'One\nThe setup works. Nothing was recorded.' },
			];
			const answer: RequestListener = (_request, response) => response.end(JSON.stringify({ data }));
			const { stderr } = await checkServices('svc_other', answer);
			assert.ok(stderr.length < 1000);
			assert.equal(stderr.split('\n').length, 2);
			const { stdout } = await checkServices('svc_1', answer, '--output', 'json');
			assert.ok(stdout.length < 1000);
		});
	});

	suite('of the network', () => {
		const url = 'https://alert24.example.com';
		const proxy = { ALERT24_API_URL: url, HTTPS_PROXY: 'http://127.0.0.1:1' };

		test('names the proxy with the exceptions that the user wrote', async () => {
			const { stdout } = await check({ ...proxy, NO_PROXY: 'corp.example' });
			assert.match(stdout, /^Address: \S+, through the proxy 127\.0\.0\.1:1 \(except for "corp\.example"\)$/m);
		});

		test('reports that NO_PROXY excepts the host', async () => {
			for (const exceptions of ['example.com', ' x, .example.com', '*', 'alert24.example.com']) {
				const { stdout } = await check({ ...proxy, NO_PROXY: exceptions, ALERT24_TIMEOUT: '1' });
				assert.ok(stdout.includes(`${url}/, directly: NO_PROXY, ${JSON.stringify(exceptions)}, excepts it\n`), stdout);
			}
		});

		test('names the file in NODE_EXTRA_CA_CERTS, or why it is of no use', async () => {
			const { caFile } = await certificates();
			const used = await check({ NODE_EXTRA_CA_CERTS: caFile });
			assert.match(used.stdout, /^CA: the certificates in NODE_EXTRA_CA_CERTS, ".*", are trusted$/m);
			const both = await check({ NODE_EXTRA_CA_CERTS: caFile, SSL_CERT_FILE: caFile });
			assert.equal(both.stdout, used.stdout);
			const useless = await check({ NODE_EXTRA_CA_CERTS: import.meta.filename });
			assert.match(useless.stderr, /NODE_EXTRA_CA_CERTS, ".*", contains no certificate in PEM and is ignored/);
			assert.doesNotMatch(useless.stdout, /^CA:/m);
		});
	});
});
