import { randomUUID } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, openSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Change } from '../change/change-schema.ts';
import { findViolations } from '../change/validate-change.ts';
import { readRegularFile, UnusableFile } from '../read-regular-file.ts';
import { ConfigurationError } from '../reported-error.ts';
import { parseJson, property } from '../text/json-value.ts';
import { quote } from '../text/visible-text.ts';

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
const largestFile = 256 * 1024 * 1024;

/** The content of a file that `replay` reads: changes that wait to be delivered, oldest first. */
export function buildUndeliveredDocument(changes: readonly UndeliveredChange[]): object {
	return { format, version, changes };
}

/** Reads such a file. Throws a ConfigurationError for one that cannot be read, is damaged, foreign or of a newer version. */
export function readUndeliveredFile(path: string): UndeliveredChange[] {
	const document = readDocument(path);
	const refuse = (flaw: string) => new ConfigurationError([`${quote(path)} ${flaw}; it is left as it is`]);
	if (property(document, 'format') !== format) throw refuse('is not a file of undelivered changes');
	const given = property(document, 'version');
	if (typeof given === 'number' && given > version) {
		throw refuse(`has version ${given}, this program knows versions up to ${version}: use a newer alert24-notify`);
	}
	const changes = property(document, 'changes');
	if (given !== version || !Array.isArray(changes) || !changes.every(isUndeliveredChange)) {
		throw refuse('is damaged: it does not hold a list of undelivered changes');
	}
	return changes;
}

/**
 * Rewrites such a file, or makes it, whole or not at all, readable by its owner alone. `rewrite` gets what it holds by now; `holdFile` keeps
 * other processes from it meanwhile. Throws a ConfigurationError for a file that is not such a one, else what node:fs throws.
 */
export function rewriteUndeliveredFile(
	path: string,
	rewrite: (changes: readonly UndeliveredChange[]) => readonly UndeliveredChange[],
): void {
	const target = findTarget(path);
	writeWhole(target, rewrite(existsSync(target) ? readUndeliveredFile(target) : []));
}

/** The file that a path leads to: a link stays one, and whoever holds the file holds it by all its names. */
export function findTarget(path: string): string {
	return existsSync(path) ? realpathSync(path) : resolve(path);
}

function writeWhole(path: string, changes: readonly UndeliveredChange[]): void {
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

function readDocument(path: string): unknown {
	try {
		const document = parseJson(readRegularFile(path, largestFile).toString('utf8'));
		if (document !== undefined) return document;
	} catch (error) {
		if (error instanceof UnusableFile) throw new ConfigurationError([`${quote(path)} ${error.message}`]);
		throw error;
	}
	throw new ConfigurationError([`${quote(path)} is damaged: it is not JSON; it is left as it is`]);
}

function isUndeliveredChange(value: unknown): value is UndeliveredChange {
	const requestId = property(value, 'request_id');
	return (
		findViolations(property(value, 'change')).length === 0 &&
		['refused', 'undelivered'].includes(String(property(value, 'state'))) &&
		typeof property(value, 'reason') === 'string' &&
		Number.isInteger(property(value, 'attempts')) &&
		!Number.isNaN(Date.parse(String(property(value, 'failed_at')))) &&
		(requestId === undefined || typeof requestId === 'string')
	);
}
