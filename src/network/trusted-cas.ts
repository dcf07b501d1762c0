import * as tls from 'node:tls';
import type { Environment } from '../environment.ts';
import type { Log } from '../log/log.ts';
import { readRegularFile, UnusableFile } from '../read-regular-file.ts';
import { quote } from '../text/visible-text.ts';

const largestFile = 16 * 1024 * 1024;

type CaVariable = 'SSL_CERT_FILE' | 'CI_SERVER_TLS_CA_FILE' | 'NODE_EXTRA_CA_CERTS';

/**
 * Returns the CAs to trust: Node's own and those in the files that the variables name. Node itself reads
 * NODE_EXTRA_CA_CERTS, and SSL_CERT_FILE only with an option. Returns undefined if there is nothing to add. A file that
 * cannot be read is logged and is not an error: it may be meant for another program in the same job.
 */
export function readTrustedCas(
	environment: Environment,
	log: Pick<Log, 'notice'>,
	variables: readonly CaVariable[] = ['SSL_CERT_FILE'],
): string[] | undefined {
	const others = variables.filter((variable) => environment[variable] !== environment['NODE_EXTRA_CA_CERTS']);
	const added = others.flatMap((variable) => readCertificates(variable, environment, log) ?? []);
	return added.length === 0 ? undefined : [...defaultCas(), ...added];
}

/** Returns the certificates in the file that a variable names. A file that cannot be used is logged. */
export function readCertificates(
	variable: CaVariable,
	environment: Environment,
	log: Pick<Log, 'notice'>,
): string | undefined {
	const path = environment[variable];
	if (path === undefined) return undefined;
	try {
		const certificates = readRegularFile(path, largestFile).toString('utf8');
		if (certificates.includes('-----BEGIN ')) return certificates;
		log.notice(`${variable}, ${quote(path)}, contains no certificate in PEM and is ignored`);
	} catch (error) {
		if (!(error instanceof UnusableFile)) throw error;
		log.notice(`${variable}, ${quote(path)}, ${error.message} and is ignored`);
	}
	return undefined;
}

// Node before 22.15 does not list those that NODE_EXTRA_CA_CERTS adds.
function defaultCas(): readonly string[] {
	return (tls.getCACertificates as typeof tls.getCACertificates | undefined)?.('default') ?? tls.rootCertificates;
}
