import { detectCi } from '../ci/detect-ci.ts';
import { deliverChanges } from '../delivery/deliver-changes.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { dropTwins, withoutChange } from '../outbox/drop-twins.ts';
import { holdFile } from '../outbox/hold-file.ts';
import { toUndelivered } from '../outbox/keep-undelivered.ts';
import { findTarget, readUndeliveredFile, rewriteUndeliveredFile } from '../outbox/undelivered-file.ts';
import { describeFileError } from '../read-regular-file.ts';
import { describeMissingApiKey } from '../report/messages.ts';
import { reportDeliveries } from '../report/report-deliveries.ts';
import { ConfigurationError } from '../reported-error.ts';
import type { GivenOptions } from '../settings/options.ts';
import { readSettings, type Settings } from '../settings/settings.ts';
import { quote } from '../text/visible-text.ts';
import type { CommandContext } from './command-context.ts';
import { printChanges } from './print-changes.ts';

/**
 * Sends what a file of undelivered changes holds, each at most once: every change is looked for before it is sent, and taken from the file as
 * soon as it is recorded. What still fails stays. Throws a ConfigurationError where there is no key or no such file.
 */
export async function replayFile(path: string, options: GivenOptions, context: CommandContext): Promise<ExitCode> {
	const { environment, door, key } = context;
	const { settings, problems } = readSettings({
		environment,
		options,
		command: 'replay',
		spellVariable: door.spellVariable,
	});
	problems.push(...key.problems, ...door.problems);
	if (problems.length > 0) throw new ConfigurationError(problems);
	return await holdFile(findTarget(path), () => replayHeldFile(path, settings, context));
}

async function replayHeldFile(path: string, settings: Settings, context: CommandContext): Promise<ExitCode> {
	const { environment, log, redactor, clock, key } = context;
	const { apiKey } = key;
	const { dedupe = 'always' } = settings;
	const entries = dropTwins(readUndeliveredFile(path));
	if (entries.length === 0) {
		log.result(`Nothing to replay: ${quote(path)} holds no change`);
		log.summary({ outcome: 'nothing_to_record', exit_code: exitCodes.ok, services: [] });
		return exitCodes.ok;
	}
	const changes = entries.map(({ change }) => change);
	if (settings.isDryRun) {
		printChanges(changes, log);
		return exitCodes.ok;
	}
	if (apiKey === undefined) throw new ConfigurationError([describeMissingApiKey(detectCi(environment)?.apiKeyAdvice)]);
	const deliveries = await deliverChanges(changes, { ...settings, apiKey, dedupe }, context, (delivery) => {
		if (delivery.state === 'refused' || delivery.state === 'undelivered') return;
		updateFile(path, (kept) => withoutChange(kept, delivery.change), log);
	});
	const attemptsBefore = new Map(entries.map(({ change, attempts }) => [change, attempts]));
	const remaining = toUndelivered(deliveries, clock.date(), redactor).map((failed) => ({
		...failed,
		attempts: failed.attempts + (attemptsBefore.get(failed.change) ?? 0),
	}));
	if (remaining.length > 0) {
		updateFile(
			path,
			(kept) => [...remaining.reduce((others, { change }) => withoutChange(others, change), [...kept]), ...remaining],
			log,
		);
		log.notice(`${quote(path)} keeps what is still not recorded: ${remaining.length} of ${entries.length}`);
	}
	return reportDeliveries(deliveries, log);
}

function updateFile(
	path: string,
	rewrite: Parameters<typeof rewriteUndeliveredFile>[1],
	log: CommandContext['log'],
): void {
	try {
		rewriteUndeliveredFile(path, rewrite);
	} catch (error) {
		const cause = error instanceof ConfigurationError ? error.message : describeFileError(error);
		log.notice(
			`${quote(path)} could not be updated (${cause}); replaying it again records nothing twice that has an external_id`,
		);
	}
}
