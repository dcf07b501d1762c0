import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { connect, type Socket } from 'node:net';
import { suite, test } from 'node:test';
import { type Alert24StandIn, startAlert24 } from '../../stand-in/alert24-stand-in.ts';
import { certificates } from '../../stand-in/certificates.ts';
import { type HttpProxyOptions, type ProxyRequest, startHttpProxy } from '../../stand-in/http-proxy.ts';
import { LoopbackServer } from '../../stand-in/loopback-server.ts';
import { makeRefusingUrl, ResettingServer } from '../../stand-in/unreachable.ts';
import { checkRow, type DeliveryRow } from '../support/delivery-row.ts';
import { proxyCredentials, tryDelivery } from '../support/delivery-trial.ts';

const { caFile, good, expired, notYetValid, wrongHost, selfSigned } = await certificates();
// No such host exists: its name is unknown without the proxy, and the proxy has a route to it.
const host = 'api.corp.example';
const { good: tls, caFile: companyCa } = await certificates(host);
const trust = { SSL_CERT_FILE: caFile };
const usedUp = { exitCode: 5, attempts: 0, records: 0, result: 'NOT RECORDED' } as const;
const recorded = { exitCode: 0, attempts: 1, records: 1, result: 'Recorded' } as const;

/** Plays a row at a URL that is not the stand-in's. */
async function checkElsewhere(url: string, row: Partial<DeliveryRow>): Promise<void> {
	const variables = { ALERT24_API_URL: url, ...row.variables };
	await checkRow({ ...usedUp, ...row, variables }, await startAlert24());
}

suite('a server that cannot be reached', { concurrency: true }, () => {
	test('refuses the connection: tried again until the budget is used up', async () => {
		const says =
			/NOT RECORDED: .*: the connection to 127\.0\.0\.1:\d+ was refused \(ECONNREFUSED\); the time of ALERT24_TIMEOUT is used up \(([6-9]|10) attempts, request id not given\)/;
		await checkElsewhere(await makeRefusingUrl(), { says });
	});

	test('has an unknown name', async () => {
		const says =
			/NOT RECORDED: .*: the name of the host alert24\.invalid (is not known|could not be looked up) \(E[A-Z_]+\)/;
		await checkElsewhere('https://alert24.invalid', { says });
	});

	test('resets the handshake of TLS: nothing was sent, so there is no lookup', async () => {
		await using server = await ResettingServer.start();
		await checkElsewhere(`https://127.0.0.1:${server.port}`, {
			says: /NOT RECORDED: .*: the connection broke \(ECONNRESET\); the time of ALERT24_TIMEOUT is used up/,
		});
		assert.ok(server.connections >= 6 && server.connections <= 10);
	});

	test('does not speak TLS', async () => {
		await using alert24 = await startAlert24();
		await checkElsewhere(alert24.url.replace('http:', 'https:'), {
			says: /NOT RECORDED: .*: no TLS connection to the server could be agreed on \(EPROTO\)/,
		});
	});
});

suite('an invalid certificate is not tried again', () => {
	const once = (words: string) => new RegExp(`NOT RECORDED: .*: the server's certificate ${words} \\(1 attempt, `);
	const cases = [
		[
			'of an unknown authority',
			good,
			{},
			once('is not trusted: .*SSL_CERT_FILE \\(UNABLE_TO_VERIFY_LEAF_SIGNATURE\\)'),
		],
		['that signs itself', selfSigned, trust, once('is not trusted: .*SSL_CERT_FILE \\(DEPTH_ZERO_SELF_SIGNED_CERT\\)')],
		['that has expired', expired, trust, once("has expired, or this machine's clock is wrong \\(CERT_HAS_EXPIRED\\)")],
		['that is not valid yet', notYetValid, trust, once('is not valid yet, .* \\(CERT_NOT_YET_VALID\\)')],
		[
			'of another host',
			wrongHost,
			trust,
			once('is for another host: check ALERT24_API_URL \\(ERR_TLS_CERT_ALTNAME_INVALID\\)'),
		],
	] as const;
	for (const [name, tls, variables, says] of cases) {
		test(name, async () => {
			await checkRow({ ...usedUp, variables, says, pauses: [] }, await startAlert24({ tls }));
		});
	}

	test('of a private authority that SSL_CERT_FILE names is valid', async () => {
		await checkRow({ ...recorded, variables: trust }, await startAlert24({ tls: good }));
	});

	for (const [file, says] of [
		['/nowhere/ca.pem', /SSL_CERT_FILE, "\/nowhere\/ca\.pem", does not exist and is ignored/],
		['package.json', /SSL_CERT_FILE, "package.json", contains no certificate in PEM and is ignored/],
		['/dev/null', /SSL_CERT_FILE, "\/dev\/null", is not a regular file and is ignored/],
	] as const) {
		test(`is reported if SSL_CERT_FILE, ${file}, is unusable`, async () => {
			await checkRow(
				{ ...usedUp, variables: { SSL_CERT_FILE: file }, says, pauses: [] },
				await startAlert24({ tls: good }),
			);
		});
	}
});

type ProxyRow = Partial<DeliveryRow> &
	Readonly<{ proxy?: HttpProxyOptions; url?: (alert24: Alert24StandIn) => string }>;

/** Plays a row behind a proxy that has a route to the stand-in, and returns the requests that the proxy received. */
async function checkBehindProxy(row: ProxyRow): Promise<readonly ProxyRequest[]> {
	const alert24 = await startAlert24({ tls });
	await using proxy = await startHttpProxy({ routes: { [`${host}:443`]: alert24.port }, ...row.proxy });
	const { url = () => alert24.url.replace(alert24.origin, `https://${host}`) } = row;
	const variables = {
		SSL_CERT_FILE: companyCa,
		HTTPS_PROXY: proxy.urlWithCredentials,
		ALERT24_API_URL: url(alert24),
		...row.variables,
	};
	await checkRow({ ...recorded, ...row, variables }, alert24);
	return proxy.requests;
}

suite('behind a proxy', { concurrency: 2 }, () => {
	const credentials = proxyCredentials;

	test('the request goes through a tunnel', async () => {
		const requests = await checkBehindProxy({ proxy: { credentials, routes: {} }, ...usedUp });
		assert.ok(requests.every(({ method, target }) => method === 'CONNECT' && target === `${host}:443`));
	});

	test('with credentials, the change is recorded', async () => {
		const alert24 = await startAlert24({ tls });
		await using proxy = await startHttpProxy({ credentials, routes: { [`${host}:443`]: alert24.port } });
		const variables = {
			SSL_CERT_FILE: companyCa,
			https_proxy: proxy.urlWithCredentials,
			ALERT24_API_URL: alert24.url.replace(alert24.origin, `https://${host}`),
		};
		await checkRow({ ...recorded, variables }, alert24);
		assert.equal(proxy.requests.length, 1);
	});

	test('a response to CONNECT in many pieces does not exhaust the memory', async () => {
		const alert24 = await startAlert24({ tls });
		await using proxy = await startPiecemealProxy(alert24.port);
		const variables = {
			SSL_CERT_FILE: companyCa,
			HTTPS_PROXY: proxy.url,
			ALERT24_API_URL: alert24.url.replace(alert24.origin, `https://${host}`),
		};
		await checkRow({ ...recorded, variables }, alert24);
	});

	const refusals = [
		[403, 'the proxy refused the connection with 403 \\(1 attempt'],
		[407, 'the proxy refused the connection with 407: check the user name and password in HTTPS_PROXY \\(1 attempt'],
		[502, 'the proxy refused the connection with 502; the time of ALERT24_TIMEOUT is used up'],
		['silence', 'no connection within 0\\.\\d+ s; the time of ALERT24_TIMEOUT is used up'],
	] as const;
	for (const [refuse, says] of refusals) {
		test(`that refuses with ${refuse}, the message names the proxy`, async () => {
			const isPermanent = refuse === 403 || refuse === 407;
			const requests = await checkBehindProxy({
				...usedUp,
				proxy: { refuse },
				...(isPermanent && { pauses: [] }),
				...(refuse === 'silence' && { policy: { attemptMs: 300 } }),
				says: new RegExp(`NOT RECORDED: .*: ${says}`),
			});
			if (isPermanent) assert.equal(requests.length, 1);
			else assert.ok(requests.length > 1, `${requests.length} requests`);
		});
	}

	test('that cannot be reached, the message names the proxy', async () => {
		const { username, password } = credentials;
		const url = (await makeRefusingUrl()).replace('//', `//${username}:${encodeURIComponent(password)}@`);
		const says = /: the connection to the proxy 127\.0\.0\.1:\d+ was refused \(ECONNREFUSED\)/;
		await checkBehindProxy({ ...usedUp, variables: { HTTPS_PROXY: url }, says });
	});

	test('whose name is unknown, the message names the proxy', async () => {
		const variables = { HTTPS_PROXY: 'http://proxy.invalid:3128' };
		const says = /: the name of the proxy proxy\.invalid:3128 (is not known|could not be looked up) \(E[A-Z_]+\)/;
		await checkBehindProxy({ ...usedUp, variables, says });
	});

	test('with a malformed URL, the command exits with 2 and does not show the URL', async () => {
		await using alert24 = await startAlert24();
		const { exitCode, stderr } = await tryDelivery(alert24, {
			variables: { HTTPS_PROXY: 'socks5://user:pa55word@host:1', ALERT24_API_URL: `https://${host}` },
		});
		assert.equal(exitCode, 2);
		assert.match(stderr, /HTTPS_PROXY must be the URL of an HTTP proxy/);
		assert.doesNotMatch(stderr, /pa55word/);
	});

	for (const scheme of ['http', 'https'] as const) {
		test(`a loopback address is reached without it: ${scheme}`, async () => {
			const alert24 = await startAlert24(scheme === 'https' ? { tls: good } : {});
			await using proxy = await startHttpProxy({ refuse: 403 });
			const variables = { ...trust, HTTP_PROXY: proxy.url, HTTPS_PROXY: proxy.url, ALL_PROXY: proxy.url };
			await checkRow({ ...recorded, variables }, alert24);
			assert.deepEqual(proxy.requests, []);
		});
	}
});

suite('NO_PROXY', () => {
	const bySuffix: [value: string, isDirect: boolean][] = [
		['*', true],
		['corp.example', true],
		['.corp.example', true],
		['*.corp.example', true],
		['x.example, API.corp.example', true],
		['orp.example', false],
		['other.example', false],
	];
	for (const [value, isDirect] of bySuffix) {
		test(`${value} ${isDirect ? 'bypasses' : 'does not bypass'} the proxy for ${host}`, async () => {
			const requests = await checkBehindProxy({
				...(isDirect && { ...usedUp, says: /the name of the host api\.corp\.example / }),
				variables: { NO_PROXY: value },
			});
			assert.equal(requests.length, isDirect ? 0 : 1);
		});
	}
});

/** Starts a proxy that sends its response to CONNECT in 40 pieces. */
async function startPiecemealProxy(port: number): Promise<AsyncDisposable & { url: string }> {
	const server = createServer();
	server.on('connect', (_request, client: Socket) => {
		const upstream = connect(port, '127.0.0.1');
		client.on('error', () => upstream.destroy());
		client.on('close', () => upstream.destroy());
		client.setNoDelay(true);
		const pieces = [
			'HTTP/1.1 200 OK\r\n',
			...Array.from({ length: 38 }, (_, index) => `X-Piece-${index}: x\r\n`),
			'\r\n',
		];
		const send = () => {
			const piece = pieces.shift();
			if (piece === undefined) client.pipe(upstream).pipe(client);
			else client.write(piece, () => setTimeout(send, 2));
		};
		upstream.on('connect', send);
	});
	const listening = await LoopbackServer.listen(server);
	return { url: `http://127.0.0.1:${listening.port}`, [Symbol.asyncDispose]: () => listening.close() };
}
