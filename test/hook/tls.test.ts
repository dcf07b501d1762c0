import assert from 'node:assert/strict';
import { after, suite, test } from 'node:test';
import { startAlert24 } from '../../stand-in/alert24-stand-in.ts';
import { certificates } from '../../stand-in/certificates.ts';
import { hookJob, runHook } from '../support/run-hook.ts';
import { Toolbox, whyWithoutTools } from '../support/toolbox.ts';

const tls = await certificates();

for (const kind of ['curl and gawk', 'GNU wget and mawk'] as const) {
	suite(`the hook over https with ${kind}`, { skip: whyWithoutTools }, () => {
		const toolbox = new Toolbox(kind);
		after(() => toolbox[Symbol.dispose]());

		for (const flaw of ['expired', 'wrongHost', 'selfSigned'] as const) {
			test(`sends the key to no server whose certificate is flawed (${flaw}), and does not try again`, async () => {
				await using alert24 = await startAlert24({ tls: tls[flaw] });
				const variables = {
					...hookJob,
					ALERT24_API_KEY: alert24.apiKey,
					ALERT24_API_URL: alert24.url,
					SSL_CERT_FILE: tls.caFile,
				};
				const { stdout, stderr } = await runHook(variables, { shell: 'dash', path: toolbox.path });
				assert.equal(stdout, '');
				assert.match(
					stderr,
					/^NOT RECORDED: .*: the server's certificate is not trusted: a private CA can be named by /,
				);
				assert.deepEqual([alert24.requests.length, toolbox.takePauses()], [0, []]);
			});
		}

		test("trusts the job's own authority beside those of the image, by either variable", async () => {
			await using alert24 = await startAlert24({ tls: tls.good });
			for (const name of ['SSL_CERT_FILE', 'NODE_EXTRA_CA_CERTS']) {
				const variables = {
					...hookJob,
					ALERT24_API_KEY: alert24.apiKey,
					ALERT24_API_URL: alert24.url,
					[name]: tls.caFile,
				};
				alert24.failWith({ kind: 'status', status: 502, recordsFirst: true });
				const { stdout } = await runHook(variables, { shell: 'dash', path: toolbox.path });
				assert.match(stdout, /^Already recorded: /);
			}
		});
	});
}
