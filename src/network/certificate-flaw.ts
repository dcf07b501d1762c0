const untrusted =
	/^(CERT_|UNABLE_TO_|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|INVALID_CA|INVALID_PURPOSE|ERROR_IN_CERT)/;

/**
 * Returns the flaw of a server's certificate, by OpenSSL's or Node's code; undefined for the code of another fault.
 * `urlSetting` is the setting that contains the URL of the server.
 */
export function describeCertificateFlaw(code: string, urlSetting: string): string | undefined {
	if (code === 'CERT_HAS_EXPIRED') return "the server's certificate has expired, or this machine's clock is wrong";
	if (code === 'CERT_NOT_YET_VALID')
		return "the server's certificate is not valid yet, or this machine's clock is wrong";
	if (code === 'ERR_TLS_CERT_ALTNAME_INVALID' || code === 'HOSTNAME_MISMATCH') {
		return `the server's certificate is for another host: check ${urlSetting}`;
	}
	if (!untrusted.test(code)) return undefined;
	return "the server's certificate is not trusted: a private CA can be named by NODE_EXTRA_CA_CERTS or SSL_CERT_FILE";
}
