import assert from 'node:assert/strict';
import { Agent as HttpAgent, get as httpGet, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, get as httpsGet } from 'node:https';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { suite, test } from 'node:test';
import { startAlert24 } from '../../stand-in/alert24-stand-in.ts';
import { certificates } from '../../stand-in/certificates.ts';
import { startHttpProxy } from '../../stand-in/http-proxy.ts';

const { ca, good, wrongHost } = await certificates();
const credentials = { username: 'deploy', password: 'p@ss:w/rd' };

suite('the HTTP proxy', () => {
	test('forwards plain http with the path and the headers, except those for the proxy', async () => {
		await using alert24 = await startAlert24();
		await using proxy = await startHttpProxy({ credentials });
		assert.equal(await getBy(proxy.urlWithCredentials, `${alert24.url}/api/v1/changes?limit=1`, alert24.apiKey), 200);
		const target = `${alert24.url}/api/v1/changes?limit=1`;
		assert.deepEqual([proxy.requests[0]?.method, proxy.requests[0]?.target], ['GET', target]);
		assert.equal(alert24.origin + alert24.requests[0]?.path, target);
		assert.equal(alert24.requests[0]?.headers['proxy-authorization'], undefined);
		assert.equal(alert24.requests[0]?.headers.authorization, `Bearer ${alert24.apiKey}`);
	});

	test('tunnels TLS to a name that it routes to this machine', async () => {
		await using alert24 = await startAlert24({ tls: good });
		await using proxy = await startHttpProxy({ credentials, routes: { 'app.alert24.net:443': alert24.port } });
		const url = alert24.url.replace(alert24.origin, 'https://app.alert24.net');
		assert.equal(await getBy(proxy.urlWithCredentials, `${url}/api/v1/changes`, alert24.apiKey), 200);
		assert.deepEqual(
			proxy.requests.map(({ method, target }) => [method, target]),
			[['CONNECT', 'app.alert24.net:443']],
		);
		assert.equal(proxy.requests[0]?.headers.authorization, undefined);
	});

	test('forwards bytes that arrive together with CONNECT', async () => {
		await using alert24 = await startAlert24();
		await using proxy = await startHttpProxy();
		const socket = connect(Number(new URL(proxy.url).port), '127.0.0.1');
		const asking = `CONNECT 127.0.0.1:${alert24.port} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`;
		socket.write(`${asking}GET /early HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`);
		assert.match(await text(socket), /^HTTP\/1.1 200 .*\r\n\r\nHTTP\/1.1 404 /s);
		assert.equal(alert24.strays[0]?.path, '/early');
	});

	test('does not terminate TLS', async () => {
		await using alert24 = await startAlert24({ tls: wrongHost });
		await using proxy = await startHttpProxy({ routes: { 'app.alert24.net:443': alert24.port } });
		await assert.rejects(getBy(proxy.url, 'https://app.alert24.net/'), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
	});

	for (const [what, options, status] of [
		['requires credentials', { credentials }, 407],
		['refuses', { refuse: 403 }, 403],
		['cannot connect', { refuse: 502 }, 502],
	] as const) {
		test(`responds with ${status} if it ${what}`, async () => {
			await using proxy = await startHttpProxy(options);
			assert.equal(await getBy(proxy.url, 'http://app.alert24.net/'), status);
			await assert.rejects(getBy(proxy.url, 'https://app.alert24.net/'), new RegExp(`${status}`));
			assert.equal(proxy.requests.length, 2);
		});
	}

	test('connects only to this machine', async () => {
		await using alert24 = await startAlert24();
		await using proxy = await startHttpProxy();
		assert.equal(await getBy(proxy.url, `http://app.alert24.net:${alert24.port}/`), 502);
		await assert.rejects(getBy(proxy.url, `https://app.alert24.net:${alert24.port}/`), /502/);
		assert.equal(alert24.requests.length, 0);
	});

	test('refuses wrong credentials', async () => {
		await using proxy = await startHttpProxy({ credentials });
		assert.equal(await getBy(proxy.urlWithCredentials.replace('deploy', 'other'), 'http://localhost/'), 407);
	});

	test('responds with 502 if nobody listens, and closes although a client waits', async () => {
		await using proxy = await startHttpProxy({ routes: { 'nobody.example:80': 1, 'nobody.example:443': 1 } });
		assert.equal(await getBy(proxy.url, 'http://nobody.example/'), 502);
		await assert.rejects(getBy(proxy.url, 'https://nobody.example/'), /502/);
		const silent = await startHttpProxy({ refuse: 'silence' });
		const waiting = getBy(silent.url, 'http://localhost/');
		const tunnelling = getBy(silent.url, 'https://localhost/');
		const closing = new Promise((resolve) => setImmediate(resolve)).then(() => silent.close());
		await Promise.all([assert.rejects(waiting), assert.rejects(tunnelling), closing]);
	});
});

/** Gets a URL through Node's own proxy support, and returns the status. */
function getBy(proxy: string, url: string, key = ''): Promise<number | undefined> {
	const proxyEnv = { HTTP_PROXY: proxy, HTTPS_PROXY: proxy };
	const isTls = url.startsWith('https:');
	const agent = isTls ? new HttpsAgent({ proxyEnv }) : new HttpAgent({ proxyEnv });
	const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
	const options = { agent, headers: { Authorization: `Bearer ${key}` } };
	const done = (answer: IncomingMessage) => resolve(answer.resume().statusCode);
	const request = isTls ? httpsGet(url, { ...options, ca }, done) : httpGet(url, options, done);
	request.on('error', reject);
	return promise.finally(() => agent.destroy());
}
