import type { Environment } from '../environment.ts';

const replacement = '[redacted]';

/**
 * Removes the values of other variables from a text that GitLab or its runner expanded: a commit message 'Rename
 * $DB_PASSWORD' reaches the job with the password in it. `isSecret` decides by name and value which variables count.
 */
export function redactVariables(
	text: string,
	environment: Environment,
	isSecret: (name: string, value: string) => boolean,
): string {
	const values = new Set<string>();
	for (const [name, value] of Object.entries(environment)) {
		if (value === undefined || !isSecret(name, value)) continue;
		// The runner expands the value of a raw variable too, once it stands in the text. The end of a text may be
		// trimmed.
		for (const form of [value, value.trim(), expandVariables(value, environment)]) {
			if (isSecret(name, form)) values.add(form);
		}
	}
	// A value may contain another one.
	const longestFirst = [...values].toSorted((a, b) => b.length - a.length || (a < b ? -1 : 1));
	return longestFirst.reduce((redacted, value) => redacted.replaceAll(value, () => replacement), text);
}

const reference = /\$(?:\{(?<braced>[^}]*)\}|(?<unclosed>\{)|(?<special>[*#$@!?\-0-9])|(?<plain>[A-Za-z_]\w*))/g;

/**
 * Expands `$name` and `${name}` as GitLab Runner does (Go's os.Expand with the runner's Variables.Get): an unknown name
 * becomes nothing, `$$` a dollar sign.
 */
export function expandVariables(text: string, environment: Environment): string {
	return text.replace(reference, (...match) => {
		const { braced, special, plain } = match.at(-1) as Partial<Record<string, string>>;
		const name = braced ?? special ?? plain ?? '';
		return name === '$' ? '$' : (environment[name] ?? '');
	});
}
