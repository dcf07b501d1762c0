import { isLoopback } from '../network/proxy.ts';
import { dropFromEnd } from '../text/trim-text.ts';
import type { SettingReader } from './setting-reader.ts';

/** Alert24's changes pages all use this host (alert24.net/docs/api-changes). */
/** Alert24's own address. */
export const defaultApiUrl = 'https://app.alert24.net';

/** Returns true if changes go to Alert24 itself. */
export function isDefaultApiUrl(url: URL): boolean {
	return url.href === new URL(defaultApiUrl).href;
}

/**
 * Reads the base URL of Alert24, without a trailing slash. Reports a URL that is malformed or would send the key
 * unencrypted.
 */
export function readApiUrl(reader: SettingReader): URL {
	const text = reader.text('api-url') ?? defaultApiUrl;
	const url = URL.canParse(text) ? new URL(text) : undefined;
	if (url?.username || url?.password || text.includes('@')) {
		// The value is not quoted: it contains a password.
		reader.problems.push(`${reader.spell('api-url')} must not contain a user name or password`);
	} else if (url === undefined || !/^https?:$/.test(url.protocol)) {
		reader.reject('api-url', `must be a URL such as ${defaultApiUrl}`);
	} else if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
		reader.reject('api-url', 'must begin with https://, or the API key would cross the network unencrypted');
	} else if (/[?#]/.test(text) || /\/api\/v1(\/|$)/.test(url.pathname)) {
		reader.reject(
			'api-url',
			`must be the base URL alone, such as ${defaultApiUrl}, without /api/v1, query and fragment`,
		);
	}
	const base = url ?? new URL(defaultApiUrl);
	base.pathname = dropFromEnd(base.pathname, '/');
	return base;
}
