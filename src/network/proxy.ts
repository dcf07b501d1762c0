import type { Environment } from '../environment.ts';

/**
 * The proxy variables that Node's agents use, and the problems of the others. No problem shows a value: it may contain
 * a password.
 */
export type ProxySettings = Readonly<{ proxyEnv: Record<string, string>; problems: string[] }>;

/**
 * Reads the proxy for a URL as curl does: from HTTPS_PROXY and NO_PROXY in both cases, a proxy without a scheme is an
 * http proxy, and a domain in NO_PROXY includes its subdomains. Node's agents require both to be written out
 * (https://nodejs.org/docs/latest-v24.x/api/http.html#built-in-proxy-support). The program never uses a proxy for a
 * loopback address, and requires https for every other one, so that no proxy sees the API key.
 */
export function readProxySettings(
	environment: Environment,
	url: URL,
	nodeVersion: string = process.versions.node,
): ProxySettings {
	const spelling = ['https_proxy', 'HTTPS_PROXY'].find((name) => environment[name] !== undefined);
	const value = spelling && environment[spelling];
	if (value === undefined || isLoopback(url.hostname)) return { proxyEnv: {}, problems: [] };
	const proxy = /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `http://${value}`;
	if (!URL.canParse(proxy) || !/^https?:\/\/[^/]/i.test(proxy) || !hasDecodableCredentials(proxy)) {
		return {
			proxyEnv: {},
			problems: [`${spelling} must be the URL of an HTTP proxy, such as http://proxy.example.com:3128`],
		};
	}
	const noProxy = readExceptions(environment)
		?.split(/[\s,]+/)
		.flatMap(withSubdomains);
	if (!supportsProxies(nodeVersion)) {
		if (noProxy?.some((entry) => isException(entry, url))) return { proxyEnv: {}, problems: [] };
		const remedy = `use Node 24.5 or newer (or 22.21), or list ${url.hostname} in NO_PROXY`;
		return { proxyEnv: {}, problems: [`Node ${nodeVersion} ignores the proxy in ${spelling}: ${remedy}`] };
	}
	return { proxyEnv: { https_proxy: proxy, ...(noProxy && { no_proxy: noProxy.join(',') }) }, problems: [] };
}

/** Returns NO_PROXY as the user wrote it. */
export function readExceptions(environment: Environment): string | undefined {
	return environment['no_proxy'] ?? environment['NO_PROXY'];
}

/** Returns true if Node's agents with these variables send a request to the URL past the proxy. */
export function isExcepted({ no_proxy: entries }: Readonly<Record<string, string>>, url: URL): boolean {
	return entries?.split(',').some((entry) => isException(entry, url)) ?? false;
}

/** Returns true for a host name or address that leads back to this machine. */
export function isLoopback(hostname: string): boolean {
	return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

// Agents have the option `proxyEnv` since 22.21 and 24.5.
function supportsProxies(nodeVersion: string): boolean {
	const [major = 0, minor = 0] = nodeVersion.split('.').map(Number);
	return major > 24 || (major === 24 && minor >= 5) || (major === 22 && minor >= 21);
}

function withSubdomains(entry: string): string[] {
	if (entry === '') return [];
	return /^[.*[\d]/.test(entry) ? [entry] : [entry, `.${entry}`];
}

// The forms of NO_PROXY that name a host. Node offers no function to ask.
function isException(entry: string, { hostname, host }: URL): boolean {
	const name = entry.toLowerCase().replace(/^\*(?=\.)/, '');
	return name === '*' || name === hostname || name === host || (name.startsWith('.') && hostname.endsWith(name));
}

function hasDecodableCredentials(url: string): boolean {
	try {
		const { username, password } = new URL(url);
		return decodeURIComponent(username + password) !== undefined;
	} catch {
		return false;
	}
}
