import assert from 'node:assert/strict';
import { after, suite, test } from 'node:test';
import { type Alert24StandIn, startAlert24 } from '../../stand-in/alert24-stand-in.ts';
import { certificates } from '../../stand-in/certificates.ts';
import { startHttpProxy } from '../../stand-in/http-proxy.ts';
import { hookJob, runHook } from '../support/run-hook.ts';
import { Toolbox, whyWithoutTools } from '../support/toolbox.ts';

const tls = await certificates();

// A host that only the proxy can reach.
const environmentOf = (alert24: Alert24StandIn) => ({
	...hookJob,
	ALERT24_API_KEY: alert24.apiKey,
	ALERT24_API_URL: `https://app.alert24.net${new URL(alert24.url).pathname}`,
	SSL_CERT_FILE: tls.caFile,
});
const routesTo = (alert24: Alert24StandIn) => ({ 'app.alert24.net:443': alert24.port });

for (const kind of ['curl and gawk', 'GNU wget and mawk'] as const) {
	suite(`the hook behind a proxy with ${kind}`, { skip: whyWithoutTools }, () => {
		const toolbox = new Toolbox(kind);
		after(() => toolbox[Symbol.dispose]());
		const run = (variables: Record<string, string>) => runHook(variables, { shell: 'dash', path: toolbox.path });

		test('uses it, whichever case its variable has', async () => {
			await using alert24 = await startAlert24({ tls: tls.good });
			const credentials = { username: 'runner', password: 'pass-word-1' };
			await using proxy = await startHttpProxy({ routes: routesTo(alert24), credentials });
			for (const name of ['HTTPS_PROXY', 'https_proxy']) {
				const { stdout, stderr } = await run({ ...environmentOf(alert24), [name]: proxy.urlWithCredentials });
				assert.match(stdout, /^Recorded: /, stderr);
			}
			assert.ok(
				proxy.requests.every(({ method, headers }) => method === 'CONNECT' && headers.authorization === undefined),
			);
		});

		test('sends the key for this machine through none, and heeds NO_PROXY', async () => {
			await using plain = await startAlert24();
			await using alert24 = await startAlert24({ tls: tls.good });
			await using proxy = await startHttpProxy({ routes: routesTo(alert24) });
			const proxies = { HTTP_PROXY: proxy.url, http_proxy: proxy.url, ALL_PROXY: proxy.url };
			const direct = { ...environmentOf(plain), ALERT24_API_URL: plain.url, ALERT24_API_KEY: plain.apiKey, ...proxies };
			assert.match((await run(direct)).stdout, /^Recorded: /);
			const excepted = { ALERT24_API_URL: alert24.url, HTTPS_PROXY: proxy.url, NO_PROXY: '127.0.0.1' };
			assert.match((await run({ ...environmentOf(alert24), ...excepted })).stdout, /^Recorded: /);
			assert.deepEqual(proxy.requests, []);
		});

		test('reports its refusal and a flawed certificate as such', async () => {
			await using alert24 = await startAlert24({ tls: tls.selfSigned });
			await using open = await startHttpProxy({ routes: routesTo(alert24) });
			const untrusted = await run({ ...environmentOf(alert24), HTTPS_PROXY: open.url });
			assert.deepEqual(untrusted.stdout, '');
			assert.match(untrusted.stderr, /: the server's certificate is not trusted: /);
			for (const refuse of [403, 407, 502]) {
				await using closed = await startHttpProxy({ refuse });
				const { stdout, stderr } = await run({ ...environmentOf(alert24), HTTPS_PROXY: closed.url });
				assert.equal(stdout, '');
				assert.match(
					stderr,
					kind === 'curl and gawk' ? new RegExp(`: the proxy refused the connection with ${refuse}`) : /^NOT /,
				);
				assert.doesNotMatch(stderr, /Alert24 answered/);
			}
			assert.deepEqual(alert24.requests, []);
		});
	});
}

suite('the hook behind a proxy with busybox', { skip: whyWithoutTools }, () => {
	test('sends no request through it, because busybox would send the key unencrypted', async () => {
		using toolbox = new Toolbox('busybox');
		await using alert24 = await startAlert24({ tls: tls.good });
		await using proxy = await startHttpProxy({ routes: routesTo(alert24) });
		const proxies = { http_proxy: proxy.url, https_proxy: proxy.url, HTTP_PROXY: proxy.url, HTTPS_PROXY: proxy.url };
		const environment = { ...environmentOf(alert24), ALERT24_API_URL: alert24.url, ...proxies };
		const { stdout } = await runHook(environment, { shell: 'dash', path: toolbox.path });
		assert.equal(stdout, '');
		assert.deepEqual(proxy.requests, []);
	});
});
