import { createHash, createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isIPv4 } from 'node:net';
import { derObjectId, derSequence, derSet, derText, derTime, derValue } from './der.ts';

export type Certificate = { readonly name: string; readonly cert: string; readonly key: string };

export type CertificateRequest = {
	/** The common name of the subject. */
	readonly name: string;
	/** Host names and IPv4 addresses; none makes a certificate authority. */
	readonly hosts: readonly string[];
	/** Who signs; left out, the certificate signs itself. */
	readonly issuer?: Certificate;
	readonly validFrom: Date;
	readonly validTo: Date;
};

const ecdsaWithSha256 = derSequence(derObjectId('1.2.840.10045.4.3.2'));
const yes = derValue(0x01, Buffer.of(0xff));

/** Makes an X.509 certificate (RFC 5280) with a new P-256 key, without any tool that may not be installed. */
export function makeCertificate({ name, hosts, issuer, validFrom, validTo }: CertificateRequest): Certificate {
	const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
	const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
	const issuerKey = issuer?.key ?? key;
	const toBeSigned = derSequence(
		derValue(0xa0, derValue(0x02, Buffer.of(2))),
		derValue(0x02, Buffer.concat([Buffer.of(0x40), randomBytes(8)])),
		ecdsaWithSha256,
		commonName(issuer?.name ?? name),
		derSequence(derTime(validFrom), derTime(validTo)),
		commonName(name),
		publicKey.export({ type: 'spki', format: 'der' }),
		derValue(0xa3, derSequence(...extensions(hosts, publicKey, createPublicKey(issuerKey)))),
	);
	const signature = sign('sha256', toBeSigned, issuerKey);
	const certificate = derSequence(toBeSigned, ecdsaWithSha256, bits(signature));
	return { name, cert: pem(certificate), key };
}

function extensions(hosts: readonly string[], publicKey: KeyObject, issuerKey: KeyObject): Buffer[] {
	const keyIds = [
		extension('2.5.29.14', derValue(0x04, keyId(publicKey))),
		extension('2.5.29.35', derSequence(derValue(0x80, keyId(issuerKey)))),
	];
	if (hosts.length === 0) {
		const isAuthority = extension('2.5.29.19', derSequence(yes), true);
		const mayCertify = extension('2.5.29.15', derValue(0x03, Buffer.of(1, 0b0000_0110)), true);
		return [isAuthority, mayCertify, ...keyIds];
	}
	const alternativeNames = extension('2.5.29.17', derSequence(...hosts.map(alternativeName)));
	const serverAuthentication = extension('2.5.29.37', derSequence(derObjectId('1.3.6.1.5.5.7.3.1')));
	return [alternativeNames, serverAuthentication, ...keyIds];
}

function keyId(publicKey: KeyObject): Buffer {
	return createHash('sha1')
		.update(publicKey.export({ type: 'spki', format: 'der' }))
		.digest();
}

function extension(id: string, value: Uint8Array, critical = false): Buffer {
	return derSequence(derObjectId(id), ...(critical ? [yes] : []), derValue(0x04, value));
}

function alternativeName(host: string): Buffer {
	return isIPv4(host) ? derValue(0x87, Buffer.from(host.split('.').map(Number))) : derValue(0x82, Buffer.from(host));
}

function commonName(name: string): Buffer {
	return derSequence(derSet(derSequence(derObjectId('2.5.4.3'), derText(name))));
}

function bits(bytes: Uint8Array): Buffer {
	return derValue(0x03, Buffer.of(0), bytes);
}

function pem(der: Buffer): string {
	const lines = der.toString('base64').replace(/.{64}(?=.)/g, '$&\n');
	return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}
