import type { Environment } from './environment.ts';

const replacement = '[redacted]';
// Shorter ones are no secrets, and hiding them would garble every text.
const shortestSecret = 8;
// Less of a secret tells nothing, and often is no part of one.
const shortestBeginning = 5;

const secretVariables = ['CI_JOB_TOKEN', 'BITBUCKET_STEP_OIDC_TOKEN', 'PIPELINES_JWT_TOKEN'];
const proxyVariables = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy', 'ALL_PROXY', 'all_proxy'];

/** Knows the secrets of a run and takes them out of texts. */
export class Redactor {
	readonly #secrets = new Set<string>();

	/** Knows the job's tokens and the proxy's password from the start; `hide` adds the API key. */
	constructor(environment: Environment) {
		for (const name of secretVariables) this.hide(environment[name]);
		for (const name of proxyVariables) this.#hideCredentials(environment[name]);
	}

	/** From now on this secret, plain or as it looks inside JSON, a URL or base64, is taken out. */
	hide(secret: string | undefined): void {
		if (secret === undefined || secret.length < shortestSecret) return;
		this.#secrets.add(secret);
		this.#secrets.add(JSON.stringify(secret).slice(1, -1));
		this.#secrets.add(encodeURIComponent(secret));
		this.#secrets.add(Buffer.from(secret).toString('base64'));
	}

	redact(text: string): string {
		let redacted = text;
		for (const secret of this.#secrets) redacted = redactBeforeCuts(redacted.replaceAll(secret, replacement), secret);
		return redacted;
	}

	#hideCredentials(proxy: string | undefined): void {
		const credentials = proxy && /^(?:\w+:\/\/)?([^@/]*(?:\/[^@]*)?)@/.exec(proxy)?.[1];
		if (!credentials) return;
		this.hide(credentials);
		const password = credentials.slice(credentials.indexOf(':') + 1);
		this.hide(password);
		try {
			this.hide(decodeURIComponent(credentials));
			this.hide(decodeURIComponent(password));
		} catch {
			// Not percent-encoded: the plain text is hidden already.
		}
	}
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
