import type { Environment } from '../environment.ts';

/** Proxy variables that are usable as they stand, and what is wrong with the others. No problem shows a value: it may hold a password. */
export type ProxySettings = Readonly<{ proxyEnv: Record<string, string>; problems: string[] }>;

/**
 * Reads the proxy for a URL, by HTTPS_PROXY or HTTP_PROXY, and NO_PROXY, in both cases, as curl does: a proxy without a scheme is an http one, and a domain in NO_PROXY
 * stands for its subdomains too. Node's agents ask for both to be written out
 * (https://nodejs.org/docs/latest-v24.x/api/http.html#built-in-proxy-support).
 */
export function readProxySettings(environment: Environment, apiUrl: URL): ProxySettings {
	const proxyEnv: Record<string, string> = {};
	const problems: string[] = [];
	const name = apiUrl.protocol === 'http:' ? 'http_proxy' : 'https_proxy';
	const spelling = environment[name] === undefined ? name.toUpperCase() : name;
	const value = environment[spelling];
	if (value !== undefined) {
		const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `http://${value}`;
		if (URL.canParse(url) && /^https?:\/\/[^/]/i.test(url) && hasDecodableCredentials(url)) proxyEnv[name] = url;
		else problems.push(`${spelling} must be the URL of an HTTP proxy, such as http://proxy.example.com:3128`);
	}
	const exceptions = environment['no_proxy'] ?? environment['NO_PROXY'];
	if (exceptions !== undefined)
		proxyEnv['no_proxy'] = exceptions
			.split(/[\s,]+/)
			.flatMap(withSubdomains)
			.join(',');
	return { proxyEnv, problems };
}

function withSubdomains(entry: string): string[] {
	if (entry === '') return [];
	return /^[.*[\d]/.test(entry) ? [entry] : [entry, `.${entry}`];
}

function hasDecodableCredentials(url: string): boolean {
	try {
		const { username, password } = new URL(url);
		return decodeURIComponent(username + password) !== undefined;
	} catch {
		return false;
	}
}
