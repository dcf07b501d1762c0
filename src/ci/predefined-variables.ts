/**
 * The beginnings of the names of GitLab's variables whose values may stand in a text
 * (https://docs.gitlab.com/ci/variables/predefined_variables/). A user can set other variables that begin with `CI_`.
 */
const gitlabVariables = [
	...['API', 'COMMIT', 'CONFIG', 'DEFAULT', 'ENVIRONMENT', 'JOB', 'MERGE', 'OPEN', 'PAGES', 'PIPELINE', 'PROJECT'],
	...['REGISTRY', 'RELEASE', 'SERVER', 'UPSTREAM'],
];

// The name of a directory, and that of a person in a text which is public anyway.
const harmlessVariables = ['PWD', 'OLDPWD', 'CI_COMMIT_AUTHOR'];

/** Regular expressions for variables, as texts that JavaScript and awk read alike. The hook is built from them. */
export const variablePatterns = {
	/**
	 * The name, `=` and value of a variable that GitLab, this program's settings, the image or the shell set. The value
	 * of a folder or program begins with a slash.
	 */
	predefined: `^(CI_(${gitlabVariables.join('|')})|GITLAB_USER_|ALERT24_|[A-Z_]*(VERSION=|(PATH|HOME|PWD|_)=/))`,
	/** A name that indicates a secret, if it does not match `harmless`. */
	secret: 'KEY|TOKEN|SECRET|PASS|PWD|CRED|AUTH|PRIVATE|DSN|(^|_)PAT(_|$)',
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
	return length >= 16 && !predefined.test(`${name}=${value}`);
}
