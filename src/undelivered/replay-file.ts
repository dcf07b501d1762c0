import { deliverChanges } from '../delivery/deliver-changes.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { missingApiKey } from '../messages.ts';
import type { GivenOptions } from '../options.ts';
import type { CommandContext } from '../record-deployment.ts';
import { reportDeliveries } from '../report-deliveries.ts';
import { ConfigurationError } from '../reported-error.ts';
import { readSettings } from '../settings.ts';
import { quote } from '../visible-text.ts';
import { dropTwins } from './drop-twins.ts';
import { toUndelivered } from './keep-undelivered.ts';
import { readUndeliveredFile, type UndeliveredChange, writeUndeliveredFile } from './undelivered-file.ts';

/**
 * Sends what a file of undelivered changes holds, each at most once: every change is looked for before it is sent, and taken from the file as
 * soon as it is recorded. What still fails stays. Throws a ConfigurationError where there is no key or no such file.
 */
export async function replayFile(path: string, options: GivenOptions, context: CommandContext): Promise<ExitCode> {
	const { environment, log, redactor, clock } = context;
	const { settings, problems } = readSettings(environment, options);
	const { apiKey, dedupe = 'always' } = settings;
	redactor.hide(apiKey);
	log.isVerbose = settings.isVerbose;
	log.isJson = settings.output === 'json';
	if (problems.length > 0 || apiKey === undefined) {
		throw new ConfigurationError(problems.length > 0 ? problems : [missingApiKey]);
	}
	const waiting = new Set(dropTwins(readUndeliveredFile(path)));
	if (waiting.size === 0) {
		log.result(`Nothing to replay: ${quote(path)} holds no change`);
		log.summary({ outcome: 'nothing_to_record', exit_code: exitCodes.ok, services: [] });
		return exitCodes.ok;
	}
	const entries = [...waiting];
	const changes = entries.map(({ change }) => change);
	const deliveries = await deliverChanges(changes, { ...settings, apiKey, dedupe }, context, (delivery, index) => {
		const entry = entries[index];
		if (entry === undefined || delivery.state === 'refused' || delivery.state === 'undelivered') return;
		waiting.delete(entry);
		updateFile(path, [...waiting], log);
	});
	const attemptsBefore = new Map(entries.map(({ change, attempts }) => [change, attempts]));
	const remaining = toUndelivered(deliveries, clock.date(), redactor).map((failed) => ({
		...failed,
		attempts: failed.attempts + (attemptsBefore.get(failed.change) ?? 0),
	}));
	if (remaining.length > 0) {
		updateFile(path, remaining, log);
		log.notice(`${quote(path)} keeps what is still not recorded: ${remaining.length} of ${entries.length}`);
	}
	return reportDeliveries(deliveries, log);
}

function updateFile(path: string, changes: readonly UndeliveredChange[], log: CommandContext['log']): void {
	try {
		writeUndeliveredFile(path, changes);
	} catch (error) {
		log.notice(
			`${quote(path)} could not be updated (${(error as NodeJS.ErrnoException).code}); replaying it again records nothing twice`,
		);
	}
}
