import { statSync } from 'node:fs';
import type { Environment } from '../environment.ts';
import { readRegularFile, UnusableFile } from '../read-regular-file.ts';
import { quote } from '../text/visible-text.ts';

const shortestKey = 8;
const largestKeyFile = 4096;

/** The API key as the user set it. */
export type ReadApiKey = Readonly<{
	/** Undefined if it is absent or unusable. */
	apiKey: string | undefined;
	/** True if a variable for the key is set, even to an unusable value. */
	isSet: boolean;
	/** One sentence for each mistake. No message contains a text that could be the key. */
	problems: readonly string[];
}>;

/**
 * Reads the API key: ALERT24_API_KEY is the key itself or the path of a file that contains it, as GitLab's file
 * variables and `secrets:` set it; ALERT24_API_KEY_FILE is such a path.
 */
export function readApiKey(environment: Environment): ReadApiKey {
	const problems: string[] = [];
	const apiKey = findApiKey(environment, problems);
	const isSet = environment['ALERT24_API_KEY'] !== undefined || environment['ALERT24_API_KEY_FILE'] !== undefined;
	return { apiKey, isSet, problems };
}

function findApiKey(environment: Environment, problems: string[]): string | undefined {
	const value = environment['ALERT24_API_KEY'];
	const path = environment['ALERT24_API_KEY_FILE'];
	if (value !== undefined && path !== undefined) {
		problems.push('ALERT24_API_KEY and ALERT24_API_KEY_FILE are both set: remove one of them');
		return undefined;
	}
	if (path !== undefined) return readKeyFile('ALERT24_API_KEY_FILE', path, problems);
	if (value === undefined) return undefined;
	if (/^\$(\w+|\{\w+\})$/.test(value)) {
		problems.push(`ALERT24_API_KEY is ${quote(value)}: a variable that is not defined in this job`);
		return undefined;
	}
	// A key has no slash, and the path that a runner sets begins with one.
	if (value.startsWith('/') || isFile(value)) {
		return readKeyFile('ALERT24_API_KEY', value, problems);
	}
	return checkKey('ALERT24_API_KEY', value, problems);
}

// The path is not quoted: it may be the key itself, in the wrong variable.
function readKeyFile(variable: string, path: string, problems: string[]): string | undefined {
	const origin = `the file of ${variable}`;
	try {
		return checkKey(origin, readRegularFile(path, largestKeyFile).toString('utf8'), problems);
	} catch (error) {
		if (!(error instanceof UnusableFile)) throw error;
		problems.push(`${origin} ${error.message}`);
		return undefined;
	}
}

function checkKey(origin: string, text: string, problems: string[]): string | undefined {
	const key = text.trim();
	if (/^[!-~]+$/.test(key) && key.length >= shortestKey) return key;
	const flaw =
		key === ''
			? 'is empty'
			: key.length < shortestKey
				? `has only ${key.length} characters`
				: 'contains spaces, line breaks or characters that are not ASCII';
	problems.push(`${origin} ${flaw}: an Alert24 key is ak_live_ followed by 32 letters and digits`);
	return undefined;
}

function isFile(path: string): boolean {
	try {
		return statSync(path).isFile();
	} catch {
		// The text may also be too long for a path, or name a place that this user may not read.
		return false;
	}
}
