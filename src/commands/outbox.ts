import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { quoteForShell } from '../outbox/deliver-folder.ts';
import { makeFolder } from '../outbox/folder-outbox.ts';
import { OutboxError } from '../outbox/outbox.ts';
import type { SqlOutbox, StoredChange } from '../outbox/sql-outbox.ts';
import { buildUndeliveredDocument } from '../outbox/undelivered-change.ts';
import { describeFileError } from '../read-regular-file.ts';
import { isPostgresUrl, listSecrets, RelaySettingsReader } from '../relay/relay-settings.ts';
import { openOutbox } from '../relay/start-relay.ts';
import { describeChange } from '../report/messages.ts';
import { printResult, type Result, type ServiceResult } from '../report/result.ts';
import { ConfigurationError } from '../reported-error.ts';
import { quote } from '../text/visible-text.ts';
import { writeWholeFile } from '../write-whole-file.ts';
import type { CommandContext } from './command-context.ts';

export type OutboxAction = 'list' | 'retry' | 'export';

type ActionResult = Omit<Result, 'exit_code'>;

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
		const result =
			action === 'retry'
				? await retry(outbox, context)
				: action === 'list'
					? list(await outbox.list(), context)
					: exportChanges(await outbox.list(), folder, context);
		printResult({ ...result, exit_code: exitCodes.ok }, context.log);
		return exitCodes.ok;
	} catch (error) {
		if (!(error instanceof OutboxError)) throw error;
		throw new ConfigurationError([`the store ${error.message}`]);
	} finally {
		await outbox.end();
	}
}

async function retry(outbox: SqlOutbox, { log }: CommandContext): Promise<ActionResult> {
	const count = await outbox.retryRefused();
	const reason =
		count === 0
			? 'No change is refused'
			: `${count} refused ${count === 1 ? 'change is' : 'changes are'} sent again by the relay`;
	log.result(reason);
	return { outcome: count === 0 ? 'nothing_to_record' : 'retried', reason, services: [] };
}

function list(stored: readonly StoredChange[], { log }: CommandContext): ActionResult {
	if (stored.length === 0) log.result('No change is pending or refused');
	for (const one of stored) {
		const attempts = `${one.attempts} ${one.attempts === 1 ? 'attempt' : 'attempts'}`;
		log.result(`${one.state} since ${one.receivedAt.toISOString()}, ${attempts}: ${describeStored(one)}`);
	}
	return { outcome: 'listed', services: stored.map(toServiceResult) };
}

function toServiceResult(stored: StoredChange): ServiceResult {
	const { change, state, attempts } = stored;
	const { service_id, external_id } = change;
	const reason = describeReason(stored);
	return {
		...(service_id !== undefined && { service_id }),
		state: state === 'pending' ? 'undelivered' : state,
		...(external_id !== undefined && { external_id }),
		attempts,
		...(reason !== undefined && { reason }),
	};
}

function describeStored(stored: StoredChange): string {
	const reason = describeReason(stored);
	return `${describeChange(stored.change)}${reason === undefined ? '' : `: ${reason}`}`;
}

function describeReason({ state, isUndecided, reason }: StoredChange): string | undefined {
	if (!isUndecided || state === 'refused') return reason;
	return `waits to see if it ran${reason === undefined ? '' : `: ${reason}`}`;
}

function exportChanges(all: readonly StoredChange[], folder: string, { log, redactor }: CommandContext): ActionResult {
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
			: `Exported ${stored.length} ${stored.length === 1 ? 'change' : 'changes'} to ${quote(folder)}. Send them with: alert24-notify replay ${quoteForShell(folder)}. They also stay in the store`,
	);
	return { outcome: stored.length === 0 ? 'nothing_to_record' : 'exported', services: stored.map(toServiceResult) };
}
