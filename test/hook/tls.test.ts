import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { startAlert24 } from '../../stand-in/alert24-stand-in.ts';
import { certificates } from '../../stand-in/certificates.ts';
import { runHook } from '../support/run-hook.ts';
import { gitlabJob } from '../support/run-in-process.ts';
import { locate, Toolbox, whyWithoutTools } from '../support/toolbox.ts';

const job = { ...gitlabJob, CI_JOB_STATUS: 'success', CI_ENVIRONMENT_NAME: 'production', ALERT24_LOOKUP: 'off' };
const tls = await certificates();

for (const kind of ['curl and gawk', 'GNU wget and mawk'] as const) {
	describe(`over https, with ${kind}, the hook`, { skip: whyWithoutTools }, () => {
		const toolbox = new Toolbox(kind);
		after(() => toolbox[Symbol.dispose]());

		for (const flaw of ['expired', 'wrongHost', 'selfSigned'] as const) {
			it(`sends the key to no server whose certificate is flawed (${flaw}), and does not try again`, async () => {
				await using alert24 = await startAlert24({ tls: tls[flaw] });
				const variables = {
					...job,
					ALERT24_API_KEY: alert24.apiKey,
					ALERT24_API_URL: alert24.url,
					SSL_CERT_FILE: tls.caFile,
				};
				const { stdout, stderr } = await runHook(variables, { shell: 'dash', path: toolbox.path });
				assert.equal(stdout, '');
				assert.match(stderr, /because the TLS certificate is not trusted\n$/);
				assert.deepEqual([alert24.requests.length, toolbox.takePauses()], [0, []]);
			});
		}

		it("trusts the job's own authority beside those of the image, by either variable", async () => {
			await using alert24 = await startAlert24({ tls: tls.good });
			for (const name of ['SSL_CERT_FILE', 'NODE_EXTRA_CA_CERTS']) {
				const variables = { ...job, ALERT24_API_KEY: alert24.apiKey, ALERT24_API_URL: alert24.url, [name]: tls.caFile };
				alert24.failWith({ kind: 'status', status: 502, recordsFirst: true });
				const { stdout } = await runHook(variables, { shell: 'dash', path: toolbox.path });
				assert.match(stdout, /^Already recorded: /);
			}
		});
	});
}

describe('with a busybox whose wget checks no certificates the hook', { skip: whyWithoutTools }, () => {
	it('sends no key', async () => {
		using toolbox = new Toolbox('busybox');
		toolbox.add(
			'wget',
			`echo 'wget: note: TLS certificate validation not implemented' >&2; exec ${locate('busybox')} wget "$@"`,
		);
		await using alert24 = await startAlert24();
		const variables = { ...job, ALERT24_API_KEY: alert24.apiKey, ALERT24_API_URL: alert24.url };
		const { stderr } = await runHook(variables, { shell: 'dash', path: toolbox.path });
		assert.match(stderr, /because the wget of this image, busybox, checks no certificates.*: add curl\n$/);
		assert.deepEqual(
			alert24.requests.map(({ method, headers }) => [method, headers.authorization]),
			[['GET', undefined]],
		);
	});
});
