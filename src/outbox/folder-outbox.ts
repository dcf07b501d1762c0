import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Clock } from '../delivery/clock.ts';
import type { Delivery } from '../delivery/delivery.ts';
import { describeFileError, readRegularFile, UnusableFile } from '../read-regular-file.ts';
import { isUnfinished, writeWholeFile } from '../write-whole-file.ts';
import { buildOutboxKey } from './build-outbox-key.ts';
import { type Claim, type FinishedDelivery, type NewEntry, type Outbox, OutboxError } from './outbox.ts';
import {
	buildListDocument,
	buildUndeliveredDocument,
	parseUndelivered,
	type UndeliveredChange,
	type UndeliveredContent,
} from './undelivered-change.ts';

const largestFile = 256 * 1024 * 1024;

/**
 * A file that is not handed out, and a sentence about the reason. The file stays as it is. `isForeign`: it is not a
 * lost change.
 */
export type UnusableEntry = Readonly<{ path: string; flaw: string; isForeign: boolean }>;

/** The file that holds an entry. */
type Home = Readonly<{ save(entry: UndeliveredChange): void; remove(): void }>;
type Waiting = Readonly<{ key: string; entry: UndeliveredChange; home: Home; isFirst: boolean }>;

/**
 * An outbox of one JSON file per change, without locks. It hands out the changes that this object put, and those of the
 * files that it was asked to load. Two processes may use one folder at the same time: each file is written whole, and
 * nobody removes the file of a change that Alert24 did not confirm.
 */
export class FolderOutbox implements Outbox {
	/** The path of the folder, as given. */
	readonly folder: string;
	readonly #clock: Pick<Clock, 'date'>;
	#waiting: Waiting[] = [];
	#hasStored = false;
	readonly #held = new Map<Claim, Waiting>();

	constructor(folder: string, clock: Pick<Clock, 'date'>) {
		this.folder = folder;
		this.#clock = clock;
	}

	/** The changes that wait to be claimed, oldest first. */
	get waiting(): UndeliveredChange[] {
		return this.#waiting.map(({ entry }) => entry);
	}

	/** True if the folder contains, or contained, a change that this object handed out. */
	get hasStored(): boolean {
		return this.#hasStored;
	}

	/** Adds a change that no file holds. It is handed out like the others, and lost with the process. */
	addUnstored(entry: UndeliveredChange): void {
		const home = { save: () => undefined, remove: () => undefined };
		this.#waiting.push({ key: buildOutboxKey(entry.change), entry, home, isFirst: true });
	}

	async put({ change, createdAt }: NewEntry): Promise<'stored'> {
		const key = buildOutboxKey(change);
		const path = join(this.folder, `${key.slice(0, 32)}.json`);
		const home = openChangeFile(path);
		const isNew = !existsSync(path);
		const kept = isNew ? undefined : readContent(path);
		const earlier = kept?.kind === 'change' ? kept.entry : undefined;
		const entry: UndeliveredChange = {
			...earlier,
			created_at: earliest(earlier?.created_at, createdAt.toISOString()),
			change,
			state: 'pending',
		};
		try {
			makeFolder(this.folder);
			home.save(entry);
		} catch (error) {
			throw new OutboxError(`cannot be written (${describeFileError(error)})`);
		}
		this.#hasStored = true;
		this.#waiting.push({ key, entry, home, isFirst: isNew });
		return 'stored';
	}

	/**
	 * Loads every file of the folder, and returns those that are not undelivered changes. A folder that does not exist
	 * is empty.
	 */
	loadFolder(): UnusableEntry[] {
		const names = this.#readNames();
		return names.flatMap((name) => this.loadFile(join(this.folder, name)) ?? []);
	}

	/**
	 * Loads one file: a change, or the list that version 1.0.0 wrote. Returns undefined, or the reason why the file
	 * cannot be used.
	 */
	loadFile(path: string): UnusableEntry | undefined {
		const content = readContent(path);
		// Another process recorded the change in the meantime.
		if (content === undefined) return undefined;
		// Nothing is lost with a part of a file: its process was killed before it sent the change, or the whole file is
		// beside it.
		if (content.kind === 'flaw')
			return { path, flaw: content.flaw, isForeign: content.isForeign || isUnfinished(path) };
		const found = content.kind === 'change' ? [content.entry] : content.entries;
		for (const entry of found) {
			const key = buildOutboxKey(entry.change);
			const home = content.kind === 'change' ? openChangeFile(path) : openListFile(path, entry);
			this.#waiting.push({ key, entry, home, isFirst: false });
			this.#hasStored = true;
		}
		this.#waiting.sort((one, other) => one.entry.created_at.localeCompare(other.entry.created_at));
		return undefined;
	}

	async claim(): Promise<Claim | undefined> {
		const held = new Set([...this.#held.values()].map(({ key }) => key));
		// Two files may hold the same change. Sent at once, it would be recorded twice.
		const index = this.#waiting.findIndex(({ key }) => !held.has(key));
		const [next] = index < 0 ? [] : this.#waiting.splice(index, 1);
		if (next === undefined) return undefined;
		const { key, entry, isFirst } = next;
		const claim = { key, lease: '', change: entry.change, createdAt: new Date(entry.created_at), isFirst };
		this.#held.set(claim, next);
		return claim;
	}

	async finish(claim: Claim, delivery: FinishedDelivery): Promise<boolean> {
		if (delivery.state === 'refused') return this.#keep(claim, delivery, 'refused');
		return this.#settle(claim, ({ home }) => home.remove());
	}

	async postpone(claim: Claim, delivery: Delivery): Promise<boolean> {
		return this.#keep(claim, delivery, 'undelivered');
	}

	#keep(claim: Claim, { reason, attempts, requestId }: Delivery, state: UndeliveredChange['state']): boolean {
		return this.#settle(claim, ({ entry, home }) =>
			home.save({
				...entry,
				state,
				...(reason !== undefined && { reason }),
				attempts: (entry.attempts ?? 0) + attempts,
				failed_at: new Date(this.#clock.date()).toISOString(),
				...(requestId !== undefined && { request_id: requestId }),
			}),
		);
	}

	#settle(claim: Claim, write: (held: Waiting) => void): boolean {
		const held = this.#held.get(claim);
		if (held === undefined) return false;
		this.#held.delete(claim);
		try {
			write(held);
		} catch (error) {
			throw new OutboxError(`cannot be updated (${describeFileError(error)})`);
		}
		return true;
	}

	#readNames(): string[] {
		try {
			return readdirSync(this.folder).sort();
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
			throw new OutboxError(`cannot be read (${describeFileError(error)})`);
		}
	}
}

function openChangeFile(path: string): Home {
	return {
		save: (entry) => writeWholeFile(path, `${JSON.stringify(buildUndeliveredDocument(entry))}\n`),
		remove: () => rmSync(path, { force: true }),
	};
}

// The file that version 1.0.0 wrote. Only the changes that are recorded leave it, also if another process changed it in
// the meantime.
function openListFile(path: string, loaded: UndeliveredChange): Home {
	const rewrite = (replacement: readonly UndeliveredChange[]) => {
		const content = readContent(path);
		if (content?.kind !== 'list') return;
		const text = JSON.stringify(loaded.change);
		const index = content.entries.findIndex(({ change }) => JSON.stringify(change) === text);
		if (index >= 0) content.entries.splice(index, 1, ...replacement);
		writeWholeFile(path, `${JSON.stringify(buildListDocument(content.entries), undefined, 2)}\n`);
	};
	return { save: (entry) => rewrite([entry]), remove: () => rewrite([]) };
}

function readContent(path: string): UndeliveredContent | undefined {
	try {
		return parseUndelivered(readRegularFile(path, largestFile).toString('utf8'));
	} catch (error) {
		if (!(error instanceof UnusableFile)) throw error;
		return existsSync(path) ? { kind: 'flaw', flaw: error.message, isForeign: false } : undefined;
	}
}

/** Creates a folder that is missing. Throws an error of node:fs. */
export function makeFolder(path: string): void {
	if (isFolder(path)) return;
	// Not `recursive`, which never ends in a file system that rejects folders with ENOENT, such as /proc.
	const parent = dirname(path);
	if (parent !== path && !existsSync(parent)) makeFolder(parent);
	try {
		mkdirSync(path);
		// Another user may collect the artifacts of the job, whatever the umask.
		chmodSync(path, 0o755);
	} catch (error) {
		// Another process made it at the same time.
		if (!isFolder(path)) throw error;
	}
}

function isFolder(path: string): boolean {
	return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function earliest(one: string | undefined, other: string): string {
	return one !== undefined && one < other ? one : other;
}
