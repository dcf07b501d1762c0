import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { readProxySettings } from '../../src/network/proxy.ts';

const url = new URL('https://app.alert24.net');
const none = { proxyEnv: {}, problems: [] };

suite('readProxySettings', () => {
	test('reads both cases, the lower case first, and writes out the scheme', () => {
		const variables = { HTTPS_PROXY: 'https://user:pa%20ss@upper:1', https_proxy: 'lower:2' };
		assert.deepEqual(readProxySettings(variables, url), {
			proxyEnv: { https_proxy: 'http://lower:2' },
			problems: [],
		});
		const { HTTPS_PROXY } = variables;
		assert.deepEqual(readProxySettings({ HTTPS_PROXY }, url), { proxyEnv: { https_proxy: HTTPS_PROXY }, problems: [] });
	});

	test('uses no proxy for a loopback address, and ignores the variables of other programs', () => {
		const variables = { HTTPS_PROXY: 'socks5://h:1', HTTP_PROXY: 'http://h:1', ALL_PROXY: 'http://h:1' };
		for (const address of ['http://127.0.0.1', 'http://localhost:8080', 'https://[::1]/']) {
			assert.deepEqual(readProxySettings(variables, new URL(address)), none);
		}
		assert.deepEqual(readProxySettings({ HTTP_PROXY: 'socks5://h:1', ALL_PROXY: 'h' }, url), none);
	});

	test('includes the subdomains of a domain in NO_PROXY', () => {
		const { proxyEnv } = readProxySettings(
			{
				HTTPS_PROXY: 'proxy:1',
				NO_PROXY: ' corp.example,.other.example  10.0.0.0/8,*.x.example,127.0.0.1, ',
			},
			url,
		);
		assert.equal(proxyEnv['no_proxy'], 'corp.example,.corp.example,.other.example,10.0.0.0/8,*.x.example,127.0.0.1');
	});

	test('names a malformed variable, and never shows its value', () => {
		for (const value of ['socks5://u:secret@h:1', 'http://', 'http://u:sec%zzret@h:1', 'http://h:99999']) {
			assert.deepEqual(readProxySettings({ HTTPS_PROXY: value }, url), {
				proxyEnv: {},
				problems: ['HTTPS_PROXY must be the URL of an HTTP proxy, such as http://proxy.example.com:3128'],
			});
		}
	});

	test('rejects a Node that would ignore the proxy, unless NO_PROXY lists the host', () => {
		const variables = { https_proxy: 'proxy:1' };
		const read = (version: string, noProxy?: string) =>
			readProxySettings(noProxy === undefined ? variables : { ...variables, NO_PROXY: noProxy }, url, version);
		for (const version of ['20.19.5', '22.12.0', '22.20.9', '23.11.0', '24.4.1']) {
			assert.deepEqual(read(version, 'other.example').problems, [
				`Node ${version} ignores the proxy in https_proxy: use Node 24.5 or newer (or 22.21), or list app.alert24.net in NO_PROXY`,
			]);
			for (const exception of ['*', 'alert24.net', '.alert24.net', '*.alert24.net', 'x, APP.alert24.net']) {
				assert.deepEqual(read(version, exception), none, exception);
			}
		}
		for (const version of ['22.21.0', '24.5.0', '24.21.0', '25.0.0']) assert.deepEqual(read(version).problems, []);
	});
});
