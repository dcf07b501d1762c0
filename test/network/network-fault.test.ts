import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { describeCertificateFlaw } from '../../src/network/certificate-flaw.ts';
import { NetworkFault, translateGotError } from '../../src/network/network-fault.ts';

suite('translateGotError', () => {
	test('returns any other error unchanged: a fault of this program', () => {
		const error = new TypeError('x is not a function');
		assert.equal(
			translateGotError(error, { wasConnected: true, wasAccepted: false, proxyEnv: {}, urlSetting: 'X' }),
			error,
		);
	});
});

suite('NetworkFault', () => {
	test('is transient by default, and of a request that did not arrive', () => {
		const { isPermanent, mayHaveArrived, isTimeout, wasAccepted } = new NetworkFault('x');
		assert.deepEqual(
			{ isPermanent, mayHaveArrived, isTimeout, wasAccepted },
			{ isPermanent: false, mayHaveArrived: false, isTimeout: false, wasAccepted: false },
		);
	});
});

suite('describeCertificateFlaw', () => {
	test('describes faults of a certificate and no others', () => {
		const certificate = [
			'CERT_REVOKED',
			'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
			'SELF_SIGNED_CERT_IN_CHAIN',
			'HOSTNAME_MISMATCH',
		];
		const others = ['ECONNRESET', 'EPROTO', 'ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_PROXY_TUNNEL', 'ETIMEDOUT'];
		assert.ok(certificate.every((code) => describeCertificateFlaw(code, 'X') !== undefined));
		assert.ok(others.every((code) => describeCertificateFlaw(code, 'X') === undefined));
	});
});
