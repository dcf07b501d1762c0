import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { type Alert24StandIn, startAlert24 } from '../../stand-in/alert24-stand-in.ts';
import { makeRefusingUrl } from '../../stand-in/unreachable.ts';
import { type RunResult, runInProcess } from '../support/run-in-process.ts';

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
});
