import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Certificate, makeCertificate } from './make-certificate.ts';

const day = 24 * 60 * 60 * 1000;

export type Certificates = {
	/** The private certificate authority that signed all but `selfSigned`, as PEM. */
	readonly ca: string;
	/** The path of a file that holds it. */
	readonly caFile: string;
	/** For localhost, 127.0.0.1, app.alert24.net and the names asked for. */
	readonly good: Certificate;
	/** As good, but it ended yesterday. */
	readonly expired: Certificate;
	/** As good, but it begins tomorrow. */
	readonly notYetValid: Certificate;
	/** Of the same authority, for a host that nobody asks for. */
	readonly wrongHost: Certificate;
	/** For the right names, but nobody vouches for it. */
	readonly selfSigned: Certificate;
};

const made = new Map<string, Certificates>();

/** Certificates for tests of TLS, made once for each process and set of further names. The file goes with the process. */
export function certificates(...names: readonly string[]): Certificates {
	const hosts = ['localhost', '127.0.0.1', 'app.alert24.net', ...names];
	const known = made.get(hosts.join()) ?? makeCertificates(hosts);
	made.set(hosts.join(), known);
	return known;
}

function makeCertificates(hosts: readonly string[]): Certificates {
	const now = Date.now();
	const current = { validFrom: new Date(now - 10 * day), validTo: new Date(now + 10 * day) };
	const issuer = makeCertificate({ name: 'Test authority', hosts: [], ...current });
	const server = { name: 'Test server', hosts, ...current };
	return {
		ca: issuer.cert,
		caFile: writeForThisProcess('ca.pem', issuer.cert),
		good: makeCertificate({ ...server, issuer }),
		expired: makeCertificate({ ...server, issuer, validTo: new Date(now - day) }),
		notYetValid: makeCertificate({ ...server, issuer, validFrom: new Date(now + day) }),
		wrongHost: makeCertificate({ ...server, issuer, hosts: ['wrong.example'] }),
		selfSigned: makeCertificate(server),
	};
}

function writeForThisProcess(name: string, content: string): string {
	const directory = mkdtempSync(join(tmpdir(), 'alert24-certificates-'));
	process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
	const path = join(directory, name);
	writeFileSync(path, content);
	return path;
}
