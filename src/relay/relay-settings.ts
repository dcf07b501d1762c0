import type { Environment } from '../environment.ts';
import { readRegularFile, UnusableFile } from '../read-regular-file.ts';
import { quote } from '../text/visible-text.ts';
import { type Rules, readRules } from './rules.ts';
import { isSigningSecret } from './verify-sender.ts';

/** The settings of `serve`, `explain` and `outbox`. */
export type RelaySettings = Readonly<{
	/** The path of a SQLite file, or the URL of a PostgreSQL database. */
	store: string;
	listen: Readonly<{ host: string; port: number }>;
	rules: Rules;
	gitlabSecrets: readonly string[];
	bitbucketSecrets: readonly string[];
	gitlabToken: string | undefined;
	/** The only GitLab that gets the token, without a slash at the end. */
	gitlabUrl: string;
	retentionMs: number;
}>;

const prefix = 'ALERT24_RELAY_';
const largestFile = 1024 * 1024;
const shortestSecret = 16;
const dayMs = 24 * 60 * 60_000;
const defaultRetentionDays = 14;
const longestRetentionDays = 3650;

/**
 * Reads the settings of the relay, each secret also from the file that `…_FILE` names. Collects every mistake; no
 * message contains a secret.
 */
export class RelaySettingsReader {
	readonly problems: string[] = [];
	readonly #environment: Environment;

	constructor(environment: Environment) {
		this.#environment = environment;
	}

	/** Reads all settings of `serve`. The result is usable only if there are no problems. */
	readAll(): RelaySettings {
		const settings = {
			store: this.readStore(),
			listen: this.#readListen(),
			rules: this.readRules(),
			gitlabSecrets: this.#readSecrets('GITLAB_SECRETS'),
			bitbucketSecrets: this.#readSecrets('BITBUCKET_SECRETS'),
			gitlabToken: this.#readText('GITLAB_TOKEN')?.trim(),
			gitlabUrl: this.#readGitlabUrl(),
			retentionMs: this.#readRetention(),
		};
		const isSet = ['GITLAB_SECRETS', 'BITBUCKET_SECRETS'].some((name) => this.#isSet(name));
		if (!isSet) {
			this.problems.push(
				`no secret is set: set ${prefix}GITLAB_SECRETS, ${prefix}BITBUCKET_SECRETS or both (or …_FILE); without one, anybody could record changes`,
			);
		}
		return settings;
	}

	readStore(): string {
		const store = this.#readText('STORE')?.trim();
		if (store === undefined) {
			this.problems.push(
				`${prefix}STORE is not set: set it to the path of a file on a persistent volume, such as /data/relay.sqlite, or to a postgres:// URL`,
			);
			return '';
		}
		if (/^[a-z]+:\/\//i.test(store) && (!isPostgresUrl(store) || !URL.canParse(store))) {
			// The value is not quoted: it may contain a password.
			this.problems.push(`${prefix}STORE must be a path, or a URL that begins with postgres:// or postgresql://`);
		} else if (isPostgresUrl(store) && !canDecode(store)) {
			this.problems.push(
				`${prefix}STORE contains a % that encodes no character: write %25 for %, in the password for example`,
			);
		}
		return store;
	}

	/** Reads the rules file. */
	readRules(): Rules {
		const none: Rules = { file: { rules: [] }, rules: [] };
		const path = this.#environment[`${prefix}RULES`];
		if (path === undefined) {
			this.problems.push(`${prefix}RULES is not set: set it to the path of the rules file`);
			return none;
		}
		const text = this.#readFile(`${prefix}RULES, ${quote(path)},`, path);
		if (text === undefined) return none;
		const result = readRules(text);
		if ('rules' in result) return result.rules;
		this.problems.push(...result.problems.map((problem) => `${path}: ${problem}`));
		return none;
	}

	#readListen(): RelaySettings['listen'] {
		const text = this.#environment[`${prefix}LISTEN`] ?? '0.0.0.0:8080';
		const match = /^(?:\[([0-9a-f:.]+)\]:|([^:\s]+):|:)?(\d{1,5})$/i.exec(text);
		const port = Number(match?.[3]);
		if (match === null || port > 65_535) {
			this.problems.push(`${prefix}LISTEN must be a port, or host:port such as 127.0.0.1:8080; got ${quote(text)}`);
		}
		return { host: match?.[1] ?? match?.[2] ?? '0.0.0.0', port };
	}

	#readGitlabUrl(): string {
		const text = this.#environment[`${prefix}GITLAB_URL`] ?? 'https://gitlab.com';
		const isLocal = /^http:\/\/(127\.0\.0\.1|localhost)(:\d+)?(\/|$)/.test(text);
		if (!URL.canParse(text) || !(text.startsWith('https://') || isLocal) || /[?#@]/.test(text)) {
			this.problems.push(
				`${prefix}GITLAB_URL must be the https URL of your GitLab, such as https://gitlab.example.com`,
			);
		}
		return text.replace(/\/+$/, '');
	}

	#readSecrets(name: string): readonly string[] {
		const text = this.#readText(name);
		const secrets = (text ?? '').split(/[\s,]+/).filter((secret) => secret !== '');
		if (text !== undefined && secrets.length === 0) this.problems.push(`${prefix}${name} contains no secret`);
		for (const [index, secret] of secrets.entries()) {
			const which = `secret ${index + 1} of ${prefix}${name}`;
			if (secret.length < shortestSecret) {
				this.problems.push(
					`${which} has only ${secret.length} characters: use at least ${shortestSecret}, such as the output of: openssl rand -hex 24`,
				);
			} else if (!/^[!-~]+$/.test(secret)) this.problems.push(`${which} contains characters that are not ASCII`);
			else if (name === 'GITLAB_SECRETS' && secret.startsWith('whsec_') && !isSigningSecret(secret)) {
				this.problems.push(`${which} is not a signing token: whsec_ must be followed by base64`);
			}
		}
		return [...new Set(secrets)];
	}

	#readRetention(): number {
		const text = this.#environment[`${prefix}RETENTION`] ?? String(defaultRetentionDays);
		const days = /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN;
		if (!(days >= 1 && days <= longestRetentionDays)) {
			this.problems.push(
				`${prefix}RETENTION must be a number of days from 1 to ${longestRetentionDays}; got ${quote(text)}`,
			);
		}
		return days * dayMs;
	}

	#isSet(name: string): boolean {
		return (
			this.#environment[`${prefix}${name}`] !== undefined || this.#environment[`${prefix}${name}_FILE`] !== undefined
		);
	}

	#readText(name: string): string | undefined {
		const variable = `${prefix}${name}`;
		const value = this.#environment[variable];
		const path = this.#environment[`${variable}_FILE`];
		if (value !== undefined && path !== undefined) {
			this.problems.push(`${variable} and ${variable}_FILE are both set: remove one of them`);
			return undefined;
		}
		// The path is not quoted: it may be the secret itself, in the wrong variable.
		return value ?? (path === undefined ? undefined : this.#readFile(`the file of ${variable}_FILE`, path));
	}

	#readFile(subject: string, path: string): string | undefined {
		try {
			return readRegularFile(path, largestFile).toString('utf8');
		} catch (error) {
			if (!(error instanceof UnusableFile)) throw error;
			this.problems.push(`${subject} ${error.message}`);
			return undefined;
		}
	}
}

function canDecode(url: string): boolean {
	try {
		decodeURIComponent(url);
		return true;
	} catch {
		return false;
	}
}

/** Returns true for the URL of a PostgreSQL database. */
export function isPostgresUrl(store: string): boolean {
	return /^postgres(ql)?:\/\//i.test(store);
}

/** Returns every text of the settings that must not be shown. */
export function listSecrets(settings: Pick<RelaySettings, 'store'> & Partial<RelaySettings>): string[] {
	const { store, gitlabSecrets = [], bitbucketSecrets = [], gitlabToken } = settings;
	const password = isPostgresUrl(store) && URL.canParse(store) ? new URL(store).password : '';
	const passwords = password === '' ? [] : [password, decodeURIComponent(password)];
	return [...gitlabSecrets, ...bitbucketSecrets, ...(gitlabToken === undefined ? [] : [gitlabToken]), ...passwords];
}
