import { readFileSync } from 'node:fs';
import { getCACertificates } from 'node:tls';
import type { Environment } from '../environment.ts';
import type { Log } from '../log.ts';
import { quote } from '../visible-text.ts';

/**
 * The CAs to trust besides Node's own: those in the file that SSL_CERT_FILE names. Node itself reads NODE_EXTRA_CA_CERTS, and SSL_CERT_FILE only
 * when asked to. Undefined where there is nothing to add. A file that cannot be read is told, and is no error: it may be meant for another
 * program in the same job.
 */
export function readTrustedCas(environment: Environment, log: Log): string[] | undefined {
	const path = environment['SSL_CERT_FILE'];
	if (path === undefined || path === environment['NODE_EXTRA_CA_CERTS']) return undefined;
	try {
		const certificates = readFileSync(path, 'utf8');
		if (certificates.includes('-----BEGIN ')) return [...getCACertificates('default'), certificates];
		log.notice(`SSL_CERT_FILE, ${quote(path)}, holds no certificate in PEM and is ignored`);
	} catch (error) {
		log.notice(
			`SSL_CERT_FILE, ${quote(path)}, cannot be read (${(error as NodeJS.ErrnoException).code}) and is ignored`,
		);
	}
	return undefined;
}
