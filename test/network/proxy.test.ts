import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { readProxySettings } from '../../src/network/proxy.ts';

const https = new URL('https://app.alert24.net');

suite('readProxySettings', () => {
	test('reads both cases, the lower one first, and writes out the scheme', () => {
		const variables = {
			HTTPS_PROXY: 'http://upper:1',
			https_proxy: 'lower:2',
			HTTP_PROXY: 'https://user:pa%20ss@plain:3',
		};
		assert.deepEqual(readProxySettings(variables, https), {
			proxyEnv: { https_proxy: 'http://lower:2' },
			problems: [],
		});
		assert.deepEqual(readProxySettings(variables, new URL('http://127.0.0.1')), {
			proxyEnv: { http_proxy: 'https://user:pa%20ss@plain:3' },
			problems: [],
		});
	});

	test('does not mind a proxy that is for other programs', () => {
		assert.deepEqual(readProxySettings({ HTTP_PROXY: 'socks5://h:1' }, https), { proxyEnv: {}, problems: [] });
	});

	test('lets a domain in NO_PROXY stand for its subdomains, too', () => {
		const { proxyEnv } = readProxySettings(
			{
				NO_PROXY: ' corp.example,.other.example  10.0.0.0/8,*.x.example,127.0.0.1, ',
			},
			https,
		);
		assert.equal(proxyEnv['no_proxy'], 'corp.example,.corp.example,.other.example,10.0.0.0/8,*.x.example,127.0.0.1');
	});

	test('names a variable that is malformed, and never its value', () => {
		for (const value of ['socks5://u:secret@h:1', 'http://', 'http://u:sec%zzret@h:1', 'http://h:99999']) {
			const { proxyEnv, problems } = readProxySettings({ HTTPS_PROXY: value }, https);
			assert.deepEqual(proxyEnv, {});
			assert.deepEqual(problems, [
				'HTTPS_PROXY must be the URL of an HTTP proxy, such as http://proxy.example.com:3128',
			]);
		}
	});
});
