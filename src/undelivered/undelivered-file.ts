import { randomUUID } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { Change } from '../change/change-schema.ts';
import { ConfigurationError } from '../reported-error.ts';
import { quote } from '../visible-text.ts';
import { isUndeliveredChange } from './undelivered-change.ts';

/** A change that could not be delivered, and what is known of that. */
export type UndeliveredChange = Readonly<{
	change: Change;
	state: 'refused' | 'undelivered';
	reason: string;
	attempts: number;
	/** When the last attempt ended, ISO 8601. */
	failed_at: string;
	/** The X-Request-Id of the last answer. */
	request_id?: string;
}>;

const format = 'alert24-notify undelivered changes';
const version = 1;

/** The content of a file that `replay` reads: changes that wait to be delivered, oldest first. */
export function buildUndeliveredDocument(changes: readonly UndeliveredChange[]): object {
	return { format, version, changes };
}

/** Reads such a file. Throws a ConfigurationError for one that cannot be read, is damaged, foreign or of a newer version. */
export function readUndeliveredFile(path: string): UndeliveredChange[] {
	const document = parseDocument(path);
	const refuse = (flaw: string) => new ConfigurationError([`${quote(path)} ${flaw}; it is left as it is`]);
	if (document['format'] !== format) throw refuse('is not a file of undelivered changes');
	if (typeof document['version'] === 'number' && document['version'] > version) {
		throw refuse(
			`has version ${document['version']}, this program knows versions up to ${version}: use a newer alert24-notify`,
		);
	}
	const { changes } = document;
	if (document['version'] !== version || !Array.isArray(changes) || !changes.every(isUndeliveredChange)) {
		throw refuse('is damaged: it does not hold a list of undelivered changes');
	}
	return changes;
}

/** Writes such a file whole or not at all, readable by its owner alone. Throws what node:fs throws. */
export function writeUndeliveredFile(path: string, changes: readonly UndeliveredChange[]): void {
	const temporary = `${path}.${randomUUID()}.tmp`;
	try {
		const file = openSync(temporary, 'wx', 0o600);
		try {
			writeFileSync(file, `${JSON.stringify(buildUndeliveredDocument(changes), undefined, 2)}\n`);
			fsyncSync(file);
		} finally {
			closeSync(file);
		}
		renameSync(temporary, path);
	} catch (error) {
		rmSync(temporary, { force: true });
		throw error;
	}
}

function parseDocument(path: string): Record<string, unknown> {
	let text: string;
	try {
		text = readFileSync(path, 'utf8');
	} catch (error) {
		throw new ConfigurationError([`${quote(path)} cannot be read (${(error as NodeJS.ErrnoException).code})`]);
	}
	try {
		const document: unknown = JSON.parse(text);
		return typeof document === 'object' && document !== null ? (document as Record<string, unknown>) : {};
	} catch {
		throw new ConfigurationError([`${quote(path)} is damaged: it is not JSON; it is left as it is`]);
	}
}
