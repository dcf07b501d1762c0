import { statSync } from 'node:fs';
import type { Environment } from '../environment.ts';
import { readRegularFile, UnusableFile } from '../read-regular-file.ts';
import { quote } from '../text/visible-text.ts';

const shortestKey = 8;
const largestKeyFile = 4096;

/**
 * Reads the API key: ALERT24_API_KEY is the key itself or the path of a file that holds it, as GitLab's file variables and `secrets:`
 * give it; ALERT24_API_KEY_FILE is such a path. Undefined where neither is set. No message shows what might be the key.
 */
export function readApiKey(environment: Environment, problems: string[]): string | undefined {
	const value = environment['ALERT24_API_KEY'];
	const path = environment['ALERT24_API_KEY_FILE'];
	if (value !== undefined && path !== undefined) {
		problems.push('ALERT24_API_KEY and ALERT24_API_KEY_FILE are both set: keep the one that is meant');
		return undefined;
	}
	if (path !== undefined) return checkKey('the file of ALERT24_API_KEY_FILE', readKeyFile(path, problems), problems);
	if (value === undefined) return undefined;
	if (/^\$(\w+|\{\w+\})$/.test(value)) {
		problems.push(`ALERT24_API_KEY is ${quote(value)}: a variable that is not defined in this job`);
		return undefined;
	}
	// A key has no slash, a path that a runner hands over begins with one.
	if (value.startsWith('/') || isFile(value)) {
		return checkKey('the file of ALERT24_API_KEY', readKeyFile(value, problems), problems);
	}
	return checkKey('ALERT24_API_KEY', value, problems);
}

function readKeyFile(path: string, problems: string[]): string | undefined {
	try {
		return readRegularFile(path, largestKeyFile).toString('utf8');
	} catch (error) {
		if (!(error instanceof UnusableFile)) throw error;
		problems.push(`the file of the API key, ${quote(path)}, ${error.message}`);
		return undefined;
	}
}

function checkKey(origin: string, text: string | undefined, problems: string[]): string | undefined {
	if (text === undefined) return undefined;
	const key = text.trim();
	if (/^[!-~]+$/.test(key) && key.length >= shortestKey) return key;
	const flaw =
		key === ''
			? 'is empty'
			: key.length < shortestKey
				? `has only ${key.length} characters`
				: 'holds spaces, line breaks or characters outside of ASCII';
	problems.push(`${origin} ${flaw}: an Alert24 key is ak_live_ and 32 letters and digits`);
	return undefined;
}

function isFile(path: string): boolean {
	try {
		return statSync(path).isFile();
	} catch {
		// Also where the text is too long for a path, or leads to where this user may not look.
		return false;
	}
}
