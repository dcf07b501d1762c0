import type { Environment } from '../environment.ts';

const replacement = '[redacted]';
// Shorter values are not secrets, and hiding them would garble every text.
const shortestSecret = 8;

// Any Alert24 key, this run's or another (alert24.net/docs/api-authentication).
const alert24Key = /ak_live_[0-9A-Za-z]+/g;

const keyVariable = 'ALERT24_API_KEY';
const tokenVariables = ['CI_JOB_TOKEN', 'BITBUCKET_STEP_OIDC_TOKEN', 'PIPELINES_JWT_TOKEN'];
const proxyVariables = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy', 'ALL_PROXY', 'all_proxy'];

/** Replaces the run's secrets with [redacted]. */
export class Redactor {
	readonly #keys = new Set<string>();
	readonly #proxyCredentials = new Set<string>();

	/** Takes the secrets from the environment, and the API key, which may come from a file. */
	constructor(environment: Environment, apiKey?: string) {
		for (const name of tokenVariables) addForms(this.#keys, environment[name]);
		// The variable may contain the path of a file.
		const key = environment[keyVariable];
		if (key !== undefined && !/^(\/|\$\w+$|\$\{\w+\}$)/.test(key)) {
			for (const text of [key.trim(), key]) addForms(this.#keys, text);
		}
		addForms(this.#keys, apiKey);
		for (const name of proxyVariables) this.#addCredentials(environment[name]);
	}

	/** From now on, also replaces a secret that was read later than the environment. */
	hide(secret: string): void {
		addForms(this.#keys, secret);
	}

	/** Returns a text for the log: without keys, tokens and proxy passwords. */
	redact(text: string): string {
		return replaceAll(this.redactKeys(text), this.#proxyCredentials);
	}

	/** Returns a text to send: without keys and tokens. The password of a proxy may be a word like any other. */
	redactKeys(text: string): string {
		return replaceAll(text.replace(alert24Key, replacement), this.#keys);
	}

	/** Returns the environment without keys and tokens, except in the variables that hold them. */
	redactEnvironment(environment: Environment): Environment {
		const redacted: Record<string, string | undefined> = Object.create(null);
		const holders = [keyVariable, ...tokenVariables];
		for (const [name, value] of Object.entries(environment)) {
			redacted[name] = value === undefined || holders.includes(name) ? value : this.redactKeys(value);
		}
		return redacted;
	}

	#addCredentials(proxy: string | undefined): void {
		for (const [user, password] of proxy === undefined ? [] : findCredentials(proxy)) {
			// A user without a password is a token.
			for (const secret of [`${user}:${password}`, password === '' ? user : password]) {
				addForms(this.#proxyCredentials, secret);
			}
		}
	}
}

// As they stand, as a URL decodes them, and as they are sent.
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

// The secret as it stands, in JSON, in a URL, and within a longer text in base64 (`echo $KEY | base64`, an
// Authorization header).
function addForms(secrets: Set<string>, secret: string | undefined): void {
	if (secret === undefined || secret.length < shortestSecret) return;
	secrets.add(secret);
	secrets.add(JSON.stringify(secret).slice(1, -1));
	secrets.add(encodeURIComponent(secret));
	secrets.add(Buffer.from(secret).toString('base64'));
	for (const precedingBytes of [0, 1, 2]) {
		const encoded = encodeBase64(secret, precedingBytes);
		secrets.add(encoded);
		secrets.add(encoded.replaceAll('+', '-').replaceAll('/', '_'));
	}
}

// The characters that depend on the secret alone: each stands for 6 bits, and the neighbors' bits are in the first and
// the last one.
function encodeBase64(secret: string, precedingBytes: number): string {
	const bytes = Buffer.concat([Buffer.alloc(precedingBytes), Buffer.from(secret)]);
	const first = Math.ceil((precedingBytes * 8) / 6);
	return bytes.toString('base64').slice(first, Math.floor((bytes.length * 8) / 6));
}

function replaceAll(text: string, secrets: ReadonlySet<string>): string {
	let redacted = text;
	for (const secret of secrets) redacted = redacted.replaceAll(secret, replacement);
	return redacted;
}
