import type { Delivery } from '../delivery/delivery.ts';
import type { Log } from '../log/log.ts';
import { describeFileError } from '../read-regular-file.ts';
import { ReportedError } from '../reported-error.ts';
import { isDefaultApiUrl } from '../settings/read-api-url.ts';
import type { Settings } from '../settings/settings.ts';
import type { Redactor } from '../text/redact.ts';
import { quote } from '../text/visible-text.ts';
import { dropTwins } from './drop-twins.ts';
import { holdFile } from './hold-file.ts';
import {
	buildUndeliveredDocument,
	findTarget,
	rewriteUndeliveredFile,
	type UndeliveredChange,
} from './undelivered-file.ts';

/** The deliveries that failed, as a file keeps them. `date` is in milliseconds since 1970. */
export function toUndelivered(deliveries: readonly Delivery[], date: number, redactor: Redactor): UndeliveredChange[] {
	return deliveries.flatMap(({ change, state, reason = 'not known', attempts, requestId }) =>
		state === 'refused' || state === 'undelivered'
			? [
					{
						change,
						state,
						reason: redactor.redact(reason),
						attempts,
						failed_at: new Date(date).toISOString(),
						...(requestId !== undefined && { request_id: redactor.redact(requestId) }),
					},
				]
			: [],
	);
}

/**
 * Adds changes to the file of undelivered ones and says how to send them later. What another run of the same job left there stays, but for
 * the same change. Where the file cannot be written, its content goes to the log.
 */
export async function keepUndelivered(
	{ undeliveredFile: path, apiUrl }: Pick<Settings, 'undeliveredFile' | 'apiUrl'>,
	changes: readonly UndeliveredChange[],
	log: Log,
): Promise<void> {
	const later = isDefaultApiUrl(apiUrl) ? 'Send it later with' : 'Send it later, to the same ALERT24_API_URL, with';
	if (changes.length === 0) return;
	try {
		await holdFile(findTarget(path), () =>
			rewriteUndeliveredFile(path, (others) => dropTwins([...others, ...changes])),
		);
		log.notice(
			`What was not recorded is kept in ${quote(path)}. ${later}: alert24-notify replay ${quoteForShell(path)}`,
		);
	} catch (error) {
		const cause = error instanceof ReportedError ? error.message : describeFileError(error);
		log.notice(
			`What was not recorded could not be written to ${quote(path)} (${cause}). Here it is, to be kept in a file by hand:`,
		);
		log.noticeJson(buildUndeliveredDocument(changes));
		log.notice(`${later}: alert24-notify replay FILE`);
	}
}

// As a shell takes it.
function quoteForShell(text: string): string {
	return /^[\w./:-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
