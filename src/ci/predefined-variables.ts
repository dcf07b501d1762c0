/**
 * The variables with long values that GitLab, its runner, this program's settings or the image of a job set, by name;
 * `*` stands for any text (https://docs.gitlab.com/ci/variables/predefined_variables/). The hook is built from the same lists.
 */
const predefinedVariables = [
	...['CI_*', 'GITLAB_*', 'RUNNER_*', 'ALERT24_*', '*PATH', '*_HOME', '*_VERSION', 'HOME', 'HOSTNAME'],
	...['PWD', 'OLDPWD', 'SHELL', 'USER', 'LOGNAME', 'LANG', 'LANGUAGE', 'LC_*', 'TZ', '_'],
];

// The name of a directory, and that of a person in a text which is public anyway.
const harmlessVariables = ['PWD', 'OLDPWD', 'CI_COMMIT_AUTHOR'];

/** Regular expressions for the names of variables, as texts that JavaScript and awk read alike. */
export const variablePatterns = {
	/** A variable that GitLab, this program's settings or the image set. */
	predefined: `^(${predefinedVariables.join('|').replaceAll('*', '.*')})$`,
	/** A name that indicates a secret, if it does not match `harmless`. */
	secret: 'KEY|TOKEN|SECRET|PASS|PWD|CRED|AUTH|PRIVATE|DSN',
	harmless: `^(${harmlessVariables.join('|')})$`,
	/** A value that is a URL with a password. */
	urlWithPassword: '^[A-Za-z][A-Za-z0-9+.-]*://[^/@]*:[^/@]+@',
} as const;

/**
 * Returns true if the value of this variable must not stand in a commit message, branch or tag that comes from a variable:
 * GitLab and its runner expand `$NAME` there. Replace the longest value first, of equally long ones the lesser in bytes.
 */
export function isSecretInText(name: string, value: string): boolean {
	const { predefined, secret, harmless, urlWithPassword } = variablePatterns;
	const length = [...value].length;
	if (new RegExp(secret).test(name.toUpperCase()) && !new RegExp(harmless).test(name)) return length >= 4;
	if (new RegExp(urlWithPassword).test(value)) return true;
	return length >= 16 && !new RegExp(predefined).test(name);
}
