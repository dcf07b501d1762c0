import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { startAlert24 } from '../../stand-in/alert24-stand-in.ts';
import { certificates } from '../../stand-in/certificates.ts';
import { observePost } from '../support/observe-post.ts';

const { ca, caFile, ...servers } = await certificates('alert24.example');

suite('a certificate', () => {
	for (const [name, end] of [
		['good', 'whole'],
		['expired', 'CERT_HAS_EXPIRED'],
		['notYetValid', 'CERT_NOT_YET_VALID'],
		['wrongHost', 'ERR_TLS_CERT_ALTNAME_INVALID'],
		['selfSigned', 'DEPTH_ZERO_SELF_SIGNED_CERT'],
	] as const) {
		test(`${name} ends the POST of a client that trusts the authority with ${end}`, async () => {
			await using alert24 = await startAlert24({ tls: servers[name] });
			const seen = await observePost(alert24, { ca });
			assert.equal(seen.end, end);
			assert.equal(alert24.changes.length, end === 'whole' ? 1 : 0);
		});
	}

	test('valid is rejected by a client that does not trust the authority', async () => {
		await using alert24 = await startAlert24({ tls: servers.good });
		assert.equal((await observePost(alert24)).end, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE');
	});

	test('good is for the given names only', () => {
		const good = new X509Certificate(servers.good.cert);
		for (const host of ['localhost', 'app.alert24.net', 'alert24.example']) assert.equal(good.checkHost(host), host);
		assert.equal(good.checkIP('127.0.0.1'), '127.0.0.1');
		assert.equal(good.checkHost('other.example'), undefined);
	});

	test('of the authority is in its file, and is made once', async () => {
		assert.equal(readFileSync(caFile, 'utf8'), ca);
		assert.equal((await certificates('alert24.example')).caFile, caFile);
		assert.equal(new X509Certificate(ca).ca, true);
	});

	test('does not prevent a reset of the connection', async () => {
		await using alert24 = await startAlert24({ tls: servers.good });
		alert24.failWith({ kind: 'reset', when: 'before' }, { kind: 'reset', when: 'during-body' });
		assert.equal((await observePost(alert24, { ca })).end, 'read ECONNRESET');
		const during = await observePost(alert24, { ca });
		assert.deepEqual([during.status, during.end, alert24.changes.length], [201, 'read ECONNRESET', 1]);
	});
});
