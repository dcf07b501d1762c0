import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { isIPv4 } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';

/** A certificate and its private key, both PEM. */
type Certificate = Readonly<{ cert: string; key: string }>;

export type Certificates = Readonly<{
	/** The private authority that signed all certificates except `selfSigned`, as PEM. */
	ca: string;
	/** The path of a file that contains it. The process removes the file at its end. */
	caFile: string;
	/** For localhost, 127.0.0.1, app.alert24.net and the given names. */
	good: Certificate;
	/** As good, but it expired yesterday. */
	expired: Certificate;
	/** As good, but it begins tomorrow. */
	notYetValid: Certificate;
	/** Of the same authority, for another host. */
	wrongHost: Certificate;
	/** For the right names, but signed by itself. */
	selfSigned: Certificate;
}>;

const made = new Map<string, Promise<Certificates>>();

/** Makes certificates for tests of TLS, once for each process and set of names. */
export function certificates(...names: readonly string[]): Promise<Certificates> {
	const hosts = ['localhost', '127.0.0.1', 'app.alert24.net', ...names];
	const known = made.get(hosts.join()) ?? makeCertificates(hosts);
	made.set(hosts.join(), known);
	return known;
}

async function makeCertificates(hosts: readonly string[]): Promise<Certificates> {
	const authority = await makeCertificate({ hosts: [] });
	const [good, expired, notYetValid, wrongHost, selfSigned] = await Promise.all([
		makeCertificate({ hosts, authority }),
		makeCertificate({ hosts, authority, toDay: -1 }),
		makeCertificate({ hosts, authority, fromDay: 1 }),
		makeCertificate({ hosts: ['wrong.example'], authority }),
		makeCertificate({ hosts }),
	]);
	const caFile = writeForThisProcess('ca.pem', authority.cert);
	return { ca: authority.cert, caFile, good, expired, notYetValid, wrongHost, selfSigned };
}

type CertificateRequest = Readonly<{
	/** Host names and IPv4 addresses; none makes a certificate authority. */
	hosts: readonly string[];
	/** The signer; absent: the certificate signs itself. */
	authority?: Certificate;
	/** The validity, in days from now. */
	fromDay?: number;
	toDay?: number;
}>;

async function makeCertificate(request: CertificateRequest): Promise<Certificate> {
	const { hosts, authority, fromDay = -10, toDay = 10 } = request;
	const isAuthority = hosts.length === 0;
	const altNames = hosts.map((host) =>
		isIPv4(host) ? { type: 7 as const, ip: host } : { type: 2 as const, value: host },
	);
	// A trust store finds an authority by its name.
	const name = isAuthority ? `Test authority ${randomUUID()}` : 'Test server';
	const made = await generate([{ name: 'commonName', value: name }], {
		keyType: 'ec',
		algorithm: 'sha256',
		notBeforeDate: daysFromNow(fromDay),
		notAfterDate: daysFromNow(toDay),
		...(authority && { ca: authority }),
		extensions: isAuthority
			? [
					{ name: 'basicConstraints', cA: true, critical: true },
					{ name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
				]
			: [
					{ name: 'subjectAltName', altNames },
					{ name: 'extKeyUsage', serverAuth: true },
				],
	});
	return { cert: made.cert, key: made.private };
}

function daysFromNow(days: number): Date {
	return new Date(Date.now() + days * 24 * 60 * 60 * 1000);
}

function writeForThisProcess(name: string, content: string): string {
	const directory = mkdtempSync(join(tmpdir(), 'alert24-certificates-'));
	process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
	const path = join(directory, name);
	writeFileSync(path, content);
	return path;
}
