import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { makeFolder } from '../outbox/folder-outbox.ts';
import { OutboxError } from '../outbox/outbox.ts';
import type { SqlOutbox, StoredChange } from '../outbox/sql-outbox.ts';
import { buildUndeliveredDocument } from '../outbox/undelivered-change.ts';
import { describeFileError } from '../read-regular-file.ts';
import { isPostgresUrl, listSecrets, RelaySettingsReader } from '../relay/relay-settings.ts';
import { openOutbox } from '../relay/start-relay.ts';
import { describeChange } from '../report/messages.ts';
import { ConfigurationError } from '../reported-error.ts';
import { quote } from '../text/visible-text.ts';
import { writeWholeFile } from '../write-whole-file.ts';
import type { CommandContext } from './command-context.ts';

export type OutboxAction = 'list' | 'retry' | 'export';

/**
 * Lists the changes that wait in the relay's store and those that Alert24 refused, makes the refused ones due again, or
 * writes those that count to the folder that `replay` reads. Throws a ConfigurationError if the store does not exist or
 * cannot be used.
 */
export async function manageOutbox(action: OutboxAction, folder: string, context: CommandContext): Promise<ExitCode> {
	const { environment, redactor, clock } = context;
	const reader = new RelaySettingsReader(environment);
	const store = reader.readStore();
	if (reader.problems.length > 0) throw new ConfigurationError(reader.problems);
	for (const secret of listSecrets({ store })) redactor.hide(secret);
	if (!isPostgresUrl(store) && !existsSync(store)) {
		const advice = 'set ALERT24_RELAY_STORE to the store of the relay';
		throw new ConfigurationError([`the store ${quote(store)} does not exist: ${advice}`]);
	}
	const outbox = await openOutbox(store, () => clock.date());
	try {
		if (action === 'retry') await retry(outbox, context);
		else if (action === 'list') list(await outbox.list(), context);
		else exportChanges(await outbox.list(), folder, context);
		return exitCodes.ok;
	} catch (error) {
		if (!(error instanceof OutboxError)) throw error;
		throw new ConfigurationError([`the store ${error.message}`]);
	} finally {
		await outbox.end();
	}
}

async function retry(outbox: SqlOutbox, { log }: CommandContext): Promise<void> {
	const count = await outbox.retryRefused();
	log.result(
		count === 0
			? 'No change is refused'
			: `${count} refused ${count === 1 ? 'change is' : 'changes are'} sent again by the relay`,
	);
}

function list(stored: readonly StoredChange[], { log }: CommandContext): void {
	if (stored.length === 0) log.result('No change is pending or refused');
	for (const one of stored) {
		log.result(`${one.state} since ${one.receivedAt.toISOString()}, ${one.attempts} attempts: ${describeStored(one)}`);
	}
}

function describeStored({ change, state, isUndecided, reason }: StoredChange): string {
	const wait = isUndecided && state === 'pending' ? 'waits to see if it ran' : undefined;
	return [describeChange(change), wait, reason].filter((part) => part !== undefined).join(': ');
}

function exportChanges(all: readonly StoredChange[], folder: string, { log, redactor }: CommandContext): void {
	// A replay would record a deployment that perhaps never ran.
	for (const one of all) if (one.isUndecided) log.result(`Not exported: ${describeStored(one)}`);
	const stored = all.filter(({ isUndecided }) => !isUndecided);
	try {
		makeFolder(folder);
		for (const { key, change, state, reason, attempts, createdAt } of stored) {
			const entry = {
				created_at: createdAt.toISOString(),
				change,
				state,
				attempts,
				...(reason !== undefined && { reason: redactor.redact(reason) }),
			};
			writeWholeFile(join(folder, `${key.slice(0, 32)}.json`), `${JSON.stringify(buildUndeliveredDocument(entry))}\n`);
		}
	} catch (error) {
		throw new ConfigurationError([`the folder ${quote(folder)} cannot be written (${describeFileError(error)})`]);
	}
	log.result(
		stored.length === 0
			? 'No change to export'
			: `Exported ${stored.length} ${stored.length === 1 ? 'change' : 'changes'} to ${quote(folder)}. Send them with: alert24-notify replay ${folder}. They also stay in the store`,
	);
}
