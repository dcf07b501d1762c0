import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { startAlert24 } from '../../stand-in/alert24-stand-in.ts';
import { certificates } from '../../stand-in/certificates.ts';
import { observePost } from '../support/observe-post.ts';

const { ca, caFile, ...servers } = certificates('alert24.example');

suite('certificates', () => {
	for (const [name, end] of [
		['good', 'whole'],
		['expired', 'CERT_HAS_EXPIRED'],
		['notYetValid', 'CERT_NOT_YET_VALID'],
		['wrongHost', 'ERR_TLS_CERT_ALTNAME_INVALID'],
		['selfSigned', 'DEPTH_ZERO_SELF_SIGNED_CERT'],
	] as const) {
		test(`a client that trusts the authority meets the certificate ${name}: ${end}`, async () => {
			await using alert24 = await startAlert24({ tls: servers[name] });
			const seen = await observePost(alert24, { ca });
			assert.equal(seen.end, end);
			assert.equal(alert24.changes.length, end === 'whole' ? 1 : 0);
		});
	}

	test('a client that does not trust the authority refuses the good one', async () => {
		await using alert24 = await startAlert24({ tls: servers.good });
		assert.equal((await observePost(alert24)).end, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE');
	});

	test('the good one is for the names asked for', () => {
		const good = new X509Certificate(servers.good.cert);
		for (const host of ['localhost', 'app.alert24.net', 'alert24.example']) assert.equal(good.checkHost(host), host);
		assert.equal(good.checkIP('127.0.0.1'), '127.0.0.1');
		assert.equal(good.checkHost('other.example'), undefined);
	});

	test("the authority's file holds the authority, and both are made once", () => {
		assert.equal(readFileSync(caFile, 'utf8'), ca);
		assert.equal(certificates('alert24.example').caFile, caFile);
		assert.equal(new X509Certificate(ca).ca, true);
	});

	test('a connection is reset below TLS', async () => {
		await using alert24 = await startAlert24({ tls: servers.good });
		alert24.failWith({ kind: 'reset', when: 'before' }, { kind: 'reset', when: 'during-body' });
		assert.equal((await observePost(alert24, { ca })).end, 'read ECONNRESET');
		const during = await observePost(alert24, { ca });
		assert.deepEqual([during.status, during.end, alert24.changes.length], [201, 'read ECONNRESET', 1]);
	});
});
