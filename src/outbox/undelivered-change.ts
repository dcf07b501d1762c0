import type { Change } from '../change/change-schema.ts';
import { findViolations } from '../change/validate-change.ts';
import { parseJson, property } from '../text/json-value.ts';

const states = ['pending', 'undelivered', 'refused'] as const;
const format = 'alert24-notify undelivered change';
const version = 2;
const listFormat = 'alert24-notify undelivered changes';
const listVersion = 1;

/** A change that Alert24 has not confirmed, as a file of the outbox folder or a line of the hook's output holds it. */
export type UndeliveredChange = Readonly<{
	/** The time at which the deployment ended, ISO 8601 UTC. */
	created_at: string;
	change: Change;
	/** Pending: no result of an attempt is stored. Refused: Alert24 rejects the change as it stands. */
	state: (typeof states)[number];
	reason?: string;
	/** The requests that tried to record the change. */
	attempts?: number;
	/** The end of the last attempt, ISO 8601 UTC. */
	failed_at?: string;
	/** The X-Request-Id of the last response. */
	request_id?: string;
}>;

/**
 * The content of a file or line: one change, the list of a file that version 1.0.0 wrote, or a sentence about the flaw
 * of the text.
 */
export type UndeliveredContent =
	| Readonly<{ kind: 'change'; entry: UndeliveredChange }>
	| Readonly<{ kind: 'list'; entries: UndeliveredChange[] }>
	/** `isForeign`: the text does not claim to be an undelivered change. */
	| Readonly<{ kind: 'flaw'; flaw: string; isForeign: boolean }>;

/** Returns the JSON object of one undelivered change. */
export function buildUndeliveredDocument(entry: UndeliveredChange): object {
	return { format, version, ...entry };
}

/** Returns the first characters of the JSON object of an undelivered change: no other JSON begins with them. */
export function buildLineStart(): string {
	return JSON.stringify({ format }).slice(0, -1);
}

/** Returns the JSON object of the file that version 1.0.0 wrote. */
export function buildListDocument(entries: readonly UndeliveredChange[]): object {
	const changes = entries.map(({ created_at: createdAt, ...entry }) => ({ ...entry, created_at: createdAt }));
	return { format: listFormat, version: listVersion, changes };
}

/** Parses the text of a file or a line. Text from outside is checked completely, the change by the schema. */
export function parseUndelivered(text: string): UndeliveredContent {
	const document = parseJson(text);
	if (document === undefined) return damaged('it is not JSON');
	const [documentFormat, documentVersion] = [property(document, 'format'), property(document, 'version')];
	const isList = documentFormat === listFormat;
	if (!isList && documentFormat !== format) {
		return { kind: 'flaw', flaw: 'is not an undelivered change', isForeign: true };
	}
	const knownVersion = isList ? listVersion : version;
	if (typeof documentVersion === 'number' && documentVersion > knownVersion) {
		const flaw = `has version ${documentVersion}, and this program reads versions up to ${knownVersion}: use a newer alert24-notify`;
		return { kind: 'flaw', flaw, isForeign: false };
	}
	if (documentVersion !== knownVersion) return damaged('it has no valid version');
	if (!isList) {
		const entry = readEntry(document);
		return typeof entry === 'string' ? damaged(entry) : { kind: 'change', entry };
	}
	const changes = property(document, 'changes');
	if (!Array.isArray(changes)) return damaged('it does not contain a list of changes');
	const entries: UndeliveredChange[] = [];
	for (const change of changes) {
		const entry = readEntry(encodeExternalId(change));
		if (typeof entry === 'string') return damaged(entry);
		entries.push(entry);
	}
	return { kind: 'list', entries };
}

function damaged(flaw: string): UndeliveredContent {
	return { kind: 'flaw', flaw: `is damaged: ${flaw}`, isForeign: false };
}

// Version 1.0.0 also built ids that are not plain ASCII, from the names of jobs and environments.
function encodeExternalId(entry: unknown): unknown {
	const change = property(entry, 'change');
	const id = property(change, 'external_id');
	if (typeof id !== 'string') return entry;
	const plain = id.replace(/[^!-~]|["\\]/gu, (character) =>
		[...Buffer.from(character)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
	);
	return { ...(entry as object), change: { ...(change as object), external_id: plain } };
}

// Returns the entry, or the sentence about its flaw. Version 1.0.0 stored the end of the last attempt alone.
function readEntry(value: unknown): UndeliveredChange | string {
	const read = (name: string) => property(value, name);
	const change = read('change');
	const [violation] = findViolations(change);
	if (violation !== undefined) return violation.message;
	const createdAt = read('created_at') ?? read('failed_at');
	const state = read('state') ?? 'pending';
	if (!isDate(createdAt)) return 'created_at must be a date in ISO 8601';
	if (!isState(state)) return `state must be one of ${states.join(', ')}`;
	const [reason, attempts, failedAt, requestId] = ['reason', 'attempts', 'failed_at', 'request_id'].map(read);
	return {
		created_at: new Date(createdAt).toISOString(),
		change: change as Change,
		state,
		...(typeof reason === 'string' && { reason }),
		...(Number.isSafeInteger(attempts) && { attempts: attempts as number }),
		...(isDate(failedAt) && { failed_at: failedAt }),
		...(typeof requestId === 'string' && { request_id: requestId }),
	};
}

function isState(value: unknown): value is UndeliveredChange['state'] {
	return (states as readonly unknown[]).includes(value);
}

function isDate(value: unknown): value is string {
	return typeof value === 'string' && !Number.isNaN(Date.parse(value));
}
