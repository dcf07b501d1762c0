import assert from 'node:assert/strict';

/** The secrets of a fuzzed run. None of them occurs in another text by chance. */
export const secrets = {
	apiKey: 'ak_live_0123456789abcdefghijABCDEFGHIJ01',
	jobToken: 'glcbt-64_F0zzedJobToken+of/this=run',
	proxyUser: 'fuzz-user',
	proxyPassword: 'pr0xy/Fuzzed pa:ss@w0rd',
	databasePassword: 'db-Fuzzed"pa$$word\\9',
	deployToken: 'gldt-Fuzzed-Deploy-Token-77',
	repositoryPassword: 'git-Fuzzed:Repository~Password',
} as const;

/** Returns a secret in the forms in which a program could print it: as it stands, in JSON, in a URL and in base64. */
export function listForms(secret: string): string[] {
	return [
		secret,
		JSON.stringify(secret).slice(1, -1),
		encodeURIComponent(secret),
		Buffer.from(secret).toString('base64').replace(/=+$/, ''),
	];
}

/** Asserts that none of the texts contains one of the secrets in any form. */
export function assertKeepsSecrets(
	texts: Readonly<Record<string, string>>,
	hidden: readonly string[] = Object.values(secrets).filter((secret) => secret !== secrets.proxyUser),
): void {
	for (const [place, text] of Object.entries(texts)) {
		for (const secret of hidden) {
			const form = listForms(secret).find((known) => text.includes(known));
			assert.equal(form, undefined, `${place} contains the secret ${secret}:\n${text.slice(0, 4000)}`);
		}
	}
}
