import { existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { markRecordedLate } from '../change/mark-recorded-late.ts';
import { detectCi } from '../ci/detect-ci.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { deliverFolder, putIntoFolder } from '../outbox/deliver-folder.ts';
import { isRecorded } from '../outbox/deliver-outbox.ts';
import { FolderOutbox } from '../outbox/folder-outbox.ts';
import { OutboxError } from '../outbox/outbox.ts';
import { readUndeliveredLines } from '../outbox/read-undelivered-lines.ts';
import { describeMissingApiKey } from '../report/messages.ts';
import { reportDeliveries } from '../report/report-deliveries.ts';
import { printResult } from '../report/result.ts';
import { ConfigurationError } from '../reported-error.ts';
import type { GivenOptions } from '../settings/options.ts';
import { readSettings } from '../settings/settings.ts';
import { quote } from '../text/visible-text.ts';
import type { CommandContext } from './command-context.ts';
import { printChanges } from './print-changes.ts';

/**
 * Sends the undelivered changes in a folder, in one file, or on stdin (`-`), each at most once: every change is
 * searched for in Alert24 before it is sent, and its file is removed as soon as Alert24 confirmed it. All other files
 * stay. Throws a ConfigurationError if the key is missing or the folder cannot be read.
 */
export async function replayChanges(
	path: string,
	options: GivenOptions,
	context: CommandContext,
	readStdin: () => Promise<Uint8Array>,
): Promise<ExitCode> {
	const { environment, log, clock, door, key } = context;
	const { settings, problems, proxyProblems } = readSettings({
		environment,
		options,
		command: 'replay',
		spellVariable: door.spellVariable,
	});
	problems.push(...proxyProblems, ...key.problems, ...door.problems);
	if (problems.length > 0) throw new ConfigurationError(problems);

	const isStdin = path === '-';
	const isFolder = !isStdin && (statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false);
	const folder = isStdin ? settings.undeliveredDir : isFolder ? path : dirname(path);
	const outbox = new FolderOutbox(folder, clock);
	const lines = readUndeliveredLines(isStdin ? Buffer.from(await readStdin()).toString('utf8') : '');
	const damage = isStdin ? lines.flaws : loadFiles(outbox, path, isFolder, context);
	for (const flaw of damage) log.failure(flaw);
	const exitCodeOfDamage = damage.length > 0 ? exitCodes.configuration : exitCodes.ok;

	const changes = [...lines.entries, ...outbox.waiting];
	if (changes.length === 0) {
		log.result(`Nothing to replay: ${describeEmptySource(path)}`);
		printResult({ outcome: 'nothing_to_record', exit_code: exitCodeOfDamage, services: [] }, log);
		return exitCodeOfDamage;
	}
	if (settings.isDryRun) {
		printChanges(
			changes.map(({ change, created_at: createdAt }) => markRecordedLate(change, new Date(createdAt))),
			log,
		);
		return exitCodeOfDamage;
	}
	// The changes on stdin become files first. If the process dies, they are not lost.
	for (const { change, created_at: createdAt } of lines.entries) {
		await putIntoFolder(outbox, [change], new Date(createdAt), log);
	}
	const { apiKey } = key;
	if (apiKey === undefined) throw new ConfigurationError([describeMissingApiKey(detectCi(environment)?.apiKeyAdvice)]);
	const deliveries = await deliverFolder(outbox, { ...settings, apiKey, areLate: true }, context);
	const exitCode = reportDeliveries(deliveries, log, exitCodeOfDamage);
	const left = deliveries.filter((delivery) => !isRecorded(delivery)).length;
	if (left > 0) {
		const place = outbox.hasStored ? quote(isStdin ? folder : path) : 'The log';
		log.notice(`${place} keeps the changes that are still not recorded: ${left} of ${deliveries.length}`);
	}
	return exitCode;
}

function describeEmptySource(path: string): string {
	if (path === '-') return 'stdin contains no undelivered change';
	return `${quote(path)} ${existsSync(path) ? 'contains no undelivered change' : 'does not exist'}`;
}

/** Loads the folder or the file, and returns a sentence about each damaged file. */
function loadFiles(outbox: FolderOutbox, path: string, isFolder: boolean, { log }: CommandContext): string[] {
	try {
		const unusable = isFolder ? outbox.loadFolder() : [outbox.loadFile(path) ?? []].flat();
		for (const { path: file, flaw } of unusable.filter(({ isForeign }) => isForeign)) {
			log.notice(`${quote(file)} ${flaw}; it is left as it is`);
		}
		return unusable
			.filter(({ isForeign }) => !isForeign)
			.map(({ path: file, flaw }) => `${quote(file)} ${flaw}; it is left as it is`);
	} catch (error) {
		if (error instanceof OutboxError) throw new ConfigurationError([`${quote(path)} ${error.message}`]);
		throw error;
	}
}
