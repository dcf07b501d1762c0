import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { type Alert24StandIn, startAlert24 } from '../../stand-in/alert24-stand-in.ts';
import { certificates } from '../../stand-in/certificates.ts';
import { startHttpProxy } from '../../stand-in/http-proxy.ts';
import { runHook } from '../support/run-hook.ts';
import { gitlabJob } from '../support/run-in-process.ts';
import { Toolbox, whyWithoutTools } from '../support/toolbox.ts';

const job = { ...gitlabJob, CI_JOB_STATUS: 'success', CI_ENVIRONMENT_NAME: 'production', ALERT24_LOOKUP: 'off' };
const tls = await certificates();

// As if on the internet: only the proxy knows where it is.
const environmentOf = (alert24: Alert24StandIn) => ({
	...job,
	ALERT24_API_KEY: alert24.apiKey,
	ALERT24_API_URL: `https://app.alert24.net${new URL(alert24.url).pathname}`,
	SSL_CERT_FILE: tls.caFile,
});
const routesTo = (alert24: Alert24StandIn) => ({ 'app.alert24.net:443': alert24.port });

for (const kind of ['curl and gawk', 'GNU wget and mawk'] as const) {
	describe(`behind a proxy, with ${kind}, the hook`, { skip: whyWithoutTools }, () => {
		const toolbox = new Toolbox(kind);
		after(() => toolbox[Symbol.dispose]());
		const run = (variables: Record<string, string>) => runHook(variables, { shell: 'dash', path: toolbox.path });

		it('goes through it, in whichever case its variable is', async () => {
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

		it('takes the word of the proxy for no record, and its refusal for no word of Alert24', async () => {
			await using alert24 = await startAlert24({ tls: tls.selfSigned });
			await using open = await startHttpProxy({ routes: routesTo(alert24) });
			const untrusted = await run({ ...environmentOf(alert24), HTTPS_PROXY: open.url });
			assert.deepEqual(untrusted.stdout, '');
			assert.match(untrusted.stderr, /because the TLS certificate is not trusted\n$/);
			for (const refuse of [403, 407, 502]) {
				await using closed = await startHttpProxy({ refuse });
				const { stdout, stderr } = await run({ ...environmentOf(alert24), HTTPS_PROXY: closed.url });
				assert.equal(stdout, '');
				assert.match(stderr, /^alert24-notify: could not record [^\n]+\n$/);
				assert.doesNotMatch(stderr, /Alert24 answered/);
			}
			assert.deepEqual(alert24.requests, []);
		});
	});
}

describe('behind a proxy, with busybox, the hook', { skip: whyWithoutTools }, () => {
	it('shows the key to no proxy: busybox would send it there in the clear', async () => {
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
