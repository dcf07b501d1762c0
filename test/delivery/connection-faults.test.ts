import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { type Alert24StandIn, startAlert24 } from '../../stand-in/alert24-stand-in.ts';
import { certificates } from '../../stand-in/certificates.ts';
import { type HttpProxy, type HttpProxyOptions, startHttpProxy } from '../../stand-in/http-proxy.ts';
import { makeRefusingUrl, ResettingServer } from '../../stand-in/unreachable.ts';
import { checkRow, type DeliveryRow } from '../support/delivery-row.ts';
import { proxyCredentials, tryDelivery } from '../support/delivery-trial.ts';

const { caFile, good, expired, notYetValid, wrongHost, selfSigned } = await certificates();
const ofCompany = await certificates('api.corp.example');
const trust = { SSL_CERT_FILE: caFile };
const usedUp = { exitCode: 5, attempts: 0, records: 0 } as const;
const recorded = { exitCode: 0, attempts: 1, records: 1, says: /^Recorded: /m } as const;

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

	test('has a name that nobody knows', async () => {
		const says =
			/NOT RECORDED: .*: the name of the host alert24\.invalid (is not known|could not be looked up) \(E[A-Z_]+\)/;
		await checkElsewhere('https://alert24.invalid', { says });
	});

	test('resets the handshake of TLS: nothing was sent, so nothing is looked for', async () => {
		await using server = await ResettingServer.start();
		await checkElsewhere(`https://127.0.0.1:${server.port}`, {
			says: /NOT RECORDED: .*: the connection broke \(ECONNRESET\); the time of ALERT24_TIMEOUT is used up/,
		});
		assert.ok(server.connections >= 6 && server.connections <= 10);
	});

	test('speaks no TLS', async () => {
		await using alert24 = await startAlert24();
		await checkElsewhere(alert24.url.replace('http:', 'https:'), {
			says: /NOT RECORDED: .*: no TLS connection to the server could be agreed on \(EPROTO\)/,
		});
	});
});

suite('a certificate that is no good is not tried again', { concurrency: true }, () => {
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
		['of another host', wrongHost, trust, once('is for another host: .* \\(ERR_TLS_CERT_ALTNAME_INVALID\\)')],
	] as const;
	for (const [name, tls, variables, says] of cases) {
		test(name, async () => {
			await checkRow({ ...usedUp, variables, says, pauses: [] }, await startAlert24({ tls }));
		});
	}

	test('of a private authority that SSL_CERT_FILE names is good', async () => {
		await checkRow({ ...recorded, variables: trust }, await startAlert24({ tls: good }));
	});

	for (const [file, says] of [
		['/nowhere/ca.pem', /SSL_CERT_FILE, "\/nowhere\/ca\.pem", cannot be read \(ENOENT\) and is ignored/],
		['package.json', /SSL_CERT_FILE, "package.json", holds no certificate in PEM and is ignored/],
		['/dev/null', /SSL_CERT_FILE, "\/dev\/null", is not a regular file and is ignored/],
	] as const) {
		test(`is told where SSL_CERT_FILE, ${file}, is of no use`, async () => {
			await checkRow(
				{ ...usedUp, variables: { SSL_CERT_FILE: file }, says, pauses: [] },
				await startAlert24({ tls: good }),
			);
		});
	}
});

/** Plays a row behind a proxy; tells what the proxy was asked. */
async function checkBehindProxy(
	alert24: Alert24StandIn,
	options: HttpProxyOptions,
	row: (proxy: HttpProxy) => DeliveryRow,
): Promise<HttpProxy['requests']> {
	await using proxy = await startHttpProxy(options);
	const { variables, ...expected } = row(proxy);
	await checkRow({ ...expected, variables: { ...trust, ...variables } }, alert24);
	return proxy.requests;
}

suite('behind a proxy', { concurrency: true }, () => {
	const credentials = proxyCredentials;
	for (const name of ['HTTPS_PROXY', 'https_proxy']) {
		test(`that ${name} names, it goes through a tunnel`, async () => {
			const alert24 = await startAlert24({ tls: good });
			const requests = await checkBehindProxy(alert24, { credentials }, ({ urlWithCredentials }) => ({
				...recorded,
				variables: { [name]: urlWithCredentials },
			}));
			assert.deepEqual(
				requests.map(({ method, target }) => [method, target]),
				[['CONNECT', `127.0.0.1:${alert24.port}`]],
			);
		});
	}

	for (const name of ['HTTP_PROXY', 'http_proxy']) {
		test(`that ${name} names, http goes through it, too`, async () => {
			const requests = await checkBehindProxy(await startAlert24(), { credentials }, ({ urlWithCredentials }) => ({
				...recorded,
				variables: { [name]: urlWithCredentials },
			}));
			assert.deepEqual(
				requests.map(({ method }) => method),
				['POST'],
			);
		});
	}

	test('a proxy without a scheme is an http one', async () => {
		const requests = await checkBehindProxy(await startAlert24({ tls: good }), {}, ({ url }) => ({
			...recorded,
			variables: { HTTPS_PROXY: url.replace('http://', '') },
		}));
		assert.equal(requests.length, 1);
	});

	const refusals = [
		[403, 'the proxy refused the connection with 403 \\(1 attempt'],
		[407, 'the proxy refused the connection with 407: check the user name and password in HTTPS_PROXY \\(1 attempt'],
		[502, 'the proxy refused the connection with 502; the time of ALERT24_TIMEOUT is used up'],
		['silence', 'no connection within 0\\.1 s; the time of ALERT24_TIMEOUT is used up'],
	] as const;
	for (const [refuse, says] of refusals) {
		test(`that refuses with ${refuse}, it is said that the proxy does`, async () => {
			const isPermanent = refuse === 403 || refuse === 407;
			const requests = await checkBehindProxy(await startAlert24({ tls: good }), { refuse }, ({ url }) => ({
				...usedUp,
				...(isPermanent && { pauses: [] }),
				policy: { attemptMs: 100 },
				variables: { HTTPS_PROXY: url },
				says: new RegExp(`NOT RECORDED: .*: ${says}`),
			}));
			assert.ok(isPermanent ? requests.length === 1 : requests.length >= 6);
		});
	}

	test('that wants other credentials, the proxy is said to refuse, not Alert24', async () => {
		const wrong = `http://${credentials.username}:wr0ng-passw0rd@`;
		const says =
			/: the proxy (answered|refused the connection with) 407: check the user name and password in HTTPS?_PROXY/;
		for (const alert24 of [await startAlert24(), await startAlert24({ tls: good })]) {
			await checkBehindProxy(alert24, { credentials }, ({ url }) => ({
				...usedUp,
				pauses: [],
				variables: { HTTPS_PROXY: url.replace('http://', wrong), HTTP_PROXY: url.replace('http://', wrong) },
				says,
			}));
		}
	});

	test('that cannot be reached, it is said to be the proxy', async () => {
		const { username, password } = credentials;
		const url = (await makeRefusingUrl()).replace('//', `//${username}:${encodeURIComponent(password)}@`);
		const says = /: the connection to the proxy 127\.0\.0\.1:\d+ was refused \(ECONNREFUSED\)/;
		await checkRow({ ...usedUp, variables: { HTTPS_PROXY: url }, says }, await startAlert24({ tls: good }));
	});

	test('whose name nobody knows, it is said to be the proxy', async () => {
		const variables = { HTTPS_PROXY: 'http://proxy.invalid:3128' };
		const says = /: the name of the proxy proxy\.invalid:3128 (is not known|could not be looked up) \(E[A-Z_]+\)/;
		await checkRow({ ...usedUp, variables, says }, await startAlert24({ tls: good }));
	});

	test('a URL of a proxy that is none is a mistake, and is not shown', async () => {
		await using alert24 = await startAlert24();
		const { exitCode, stderr } = await tryDelivery(alert24, {
			variables: { HTTP_PROXY: 'socks5://user:pa55word@host:1' },
		});
		assert.equal(exitCode, 2);
		assert.match(stderr, /HTTP_PROXY must be the URL of an HTTP proxy/);
		assert.doesNotMatch(stderr, /pa55word/);
	});
});

suite('NO_PROXY', { concurrency: true }, () => {
	const { good: tls, caFile: ca } = ofCompany;
	const direct: [variable: string, value: string][] = [
		['NO_PROXY', '127.0.0.1'],
		['no_proxy', '127.0.0.1'],
		['NO_PROXY', 'example.com, 127.0.0.1'],
		['NO_PROXY', '*'],
		['NO_PROXY', '127.0.0.1-127.0.0.9'],
	];
	for (const [variable, value] of direct) {
		test(`${variable}=${value} leads past the proxy`, async () => {
			const requests = await checkBehindProxy(await startAlert24({ tls }), { refuse: 403 }, ({ url }) => ({
				...recorded,
				variables: { SSL_CERT_FILE: ca, HTTPS_PROXY: url, [variable]: value },
			}));
			assert.deepEqual(requests, []);
		});
	}

	const byName: [value: string, isPast: boolean][] = [
		['localhost', true],
		['LOCALHOST', true],
		['example.com', false],
		['local', false],
	];
	for (const [value, isPast] of byName) {
		test(`${value} ${isPast ? 'leads past' : 'does not lead past'} the proxy for localhost`, async () => {
			const alert24 = await startAlert24({ tls });
			const requests = await checkBehindProxy(alert24, {}, ({ url }) => ({
				...recorded,
				variables: {
					SSL_CERT_FILE: ca,
					HTTPS_PROXY: url,
					NO_PROXY: value,
					ALERT24_API_URL: alert24.url.replace('127.0.0.1', 'localhost'),
				},
			}));
			assert.equal(requests.length, isPast ? 0 : 1);
		});
	}

	// No such host exists: past the proxy its name is not known, and the proxy has a route to it.
	const bySuffix: [value: string, isPast: boolean][] = [
		['corp.example', true],
		['.corp.example', true],
		['*.corp.example', true],
		['api.corp.example', true],
		['orp.example', false],
		['other.example', false],
	];
	for (const [value, isPast] of bySuffix) {
		test(`${value} ${isPast ? 'leads past' : 'does not lead past'} the proxy for api.corp.example`, async () => {
			const alert24 = await startAlert24({ tls });
			const routes = { 'api.corp.example:443': alert24.port };
			const requests = await checkBehindProxy(alert24, { routes }, ({ url }) => ({
				...(isPast ? { ...usedUp, says: /the name of the host api\.corp\.example / } : recorded),
				variables: {
					SSL_CERT_FILE: ca,
					HTTPS_PROXY: url,
					NO_PROXY: value,
					ALERT24_API_URL: alert24.url.replace(alert24.origin, 'https://api.corp.example'),
				},
			}));
			assert.equal(requests.length, isPast ? 0 : 1);
		});
	}
});
