import type { Environment } from '../environment.ts';

const replacement = '[redacted]';
// Shorter ones are no secrets, and hiding them would garble every text.
const shortestSecret = 8;
// Less of a secret tells nothing, and often is no part of one.
const shortestBeginning = 5;

// Any Alert24 key, this run's or another (alert24.net/docs/api-authentication).
const alert24Key = /ak_live_[0-9A-Za-z]{32}/g;

const secretVariables = ['CI_JOB_TOKEN', 'BITBUCKET_STEP_OIDC_TOKEN', 'PIPELINES_JWT_TOKEN'];
const proxyVariables = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy', 'ALL_PROXY', 'all_proxy'];

/** Knows the secrets of a run and takes them out of texts. */
export class Redactor {
	readonly #keys = new Set<string>();
	readonly #proxyCredentials = new Set<string>();

	/** Knows what is in the variables of secrets from the start; `hide` adds the API key that a file holds. */
	constructor(environment: Environment) {
		for (const name of secretVariables) this.hide(environment[name]);
		// It may be the path of a file.
		const key = environment['ALERT24_API_KEY'];
		if (key !== undefined && !/^(\/|\$\w+$|\$\{\w+\}$)/.test(key))
			for (const text of [key.trim(), key]) this.hide(text);
		for (const name of proxyVariables) this.#hideCredentials(environment[name]);
	}

	/** From now on this key, plain or as it looks inside JSON, a URL or base64, is taken out. */
	hide(key: string | undefined): void {
		addForms(this.#keys, key);
	}

	/** Takes every secret out of a text for the log. */
	redact(text: string): string {
		return redactAll(this.redactKeys(text), this.#proxyCredentials);
	}

	/** Takes keys and tokens alone out of a text to send: the password of a proxy may be a word like any other. */
	redactKeys(text: string): string {
		return redactAll(text.replace(alert24Key, replacement), this.#keys);
	}

	#hideCredentials(proxy: string | undefined): void {
		for (const [user, password] of proxy === undefined ? [] : findCredentials(proxy)) {
			// What has no password is a token, if it is anything.
			for (const secret of [`${user}:${password}`, password === '' ? user : password]) {
				addForms(this.#proxyCredentials, secret);
			}
		}
	}
}

// As they stand, as a URL gives them, and as they are sent.
function findCredentials(proxy: string): [user: string, password: string][] {
	const written = /^(?:[a-z][\w+.-]*:\/\/)?(.*)@/i.exec(proxy)?.[1];
	if (written === undefined) return [];
	const colon = `${written}:`.indexOf(':');
	const found: [string, string][] = [[written.slice(0, colon), written.slice(colon + 1)]];
	const url = /^[a-z][\w+.-]*:\/\//i.test(proxy) ? proxy : `http://${proxy}`;
	if (URL.canParse(url)) found.push([new URL(url).username, new URL(url).password]);
	return [...found, ...found.flatMap(decodeCredentials)];
}

function decodeCredentials([user, password]: [string, string]): [string, string][] {
	try {
		return [[decodeURIComponent(user), decodeURIComponent(password)]];
	} catch {
		return [];
	}
}

function addForms(secrets: Set<string>, secret: string | undefined): void {
	if (secret === undefined || secret.length < shortestSecret) return;
	secrets.add(secret);
	secrets.add(JSON.stringify(secret).slice(1, -1));
	secrets.add(encodeURIComponent(secret));
	secrets.add(Buffer.from(secret).toString('base64'));
}

function redactAll(text: string, secrets: Set<string>): string {
	let redacted = text;
	for (const secret of secrets) redacted = redactBeforeCuts(redacted.replaceAll(secret, replacement), secret);
	return redacted;
}

// A text that was cut at its limit may end in the beginning of a secret.
function redactBeforeCuts(text: string, secret: string): string {
	const [first = '', ...others] = text.split('…');
	if (others.length === 0) return text;
	return [first, ...others].map((part, index) => (index < others.length ? redactEnd(part, secret) : part)).join('…');
}

function redactEnd(text: string, secret: string): string {
	for (let length = secret.length - 1; length >= shortestBeginning; length -= 1) {
		if (text.endsWith(secret.slice(0, length))) return text.slice(0, -length) + replacement;
	}
	return text;
}
