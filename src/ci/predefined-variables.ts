/**
 * The variables with long values that GitLab, its runner, this program's settings or the image of a job set, by name;
 * `*` stands for any text (https://docs.gitlab.com/ci/variables/predefined_variables/). The hook is built from the same
 * lists.
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

const [predefined, secret, harmless, urlWithPassword] = [
	new RegExp(variablePatterns.predefined),
	new RegExp(variablePatterns.secret),
	new RegExp(variablePatterns.harmless),
	new RegExp(variablePatterns.urlWithPassword),
];

/**
 * Returns true if the value of this variable must not stand in a commit message, branch or tag that comes from a
 * variable: GitLab and its runner expand `$NAME` there. Replace the longest value first, of equally long ones the
 * lesser in bytes.
 */
export function isSecretInText(name: string, value: string): boolean {
	// The beginning of a long value is enough: 32 UTF-16 units are at least 16 characters.
	const length = [...value.slice(0, 32)].length;
	if (secret.test(name.toUpperCase()) && !harmless.test(name)) return length >= 4;
	if (urlWithPassword.test(value)) return true;
	return length >= 16 && !predefined.test(name);
}
