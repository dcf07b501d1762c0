import { writeFileSync } from 'node:fs';
import type { Delivery } from './delivery/deliver-change.ts';
import type { Log } from './log.ts';
import { quote } from './visible-text.ts';

const longestReport = 5 * 1024;

/**
 * Writes a dotenv report for later jobs: at most four variables, one line each, none of them the name of a setting. GitLab fails the job
 * for a malformed one, so a value with line breaks or of several kB is left out
 * (https://docs.gitlab.com/ci/yaml/artifacts_reports/#artifactsreportsdotenv). A file that cannot be written is told.
 */
export function writeDotenvReport(path: string, deliveries: readonly Delivery[], log: Log): void {
	const join = (texts: readonly (string | undefined)[]) => texts.filter((text) => text !== undefined).join(',');
	const isRecorded =
		deliveries.length > 0 && deliveries.every(({ state }) => state === 'recorded' || state === 'already recorded');
	const variables = {
		ALERT24_CHANGE_STATE: isRecorded ? 'recorded' : 'not_recorded',
		ALERT24_CHANGE_ID: join(deliveries.map(({ id }) => id)),
		ALERT24_CHANGE_EXTERNAL_ID: join(deliveries.map(({ change }) => change.external_id)),
		ALERT24_CHANGE_REQUEST_ID: join(deliveries.map(({ requestId }) => requestId)),
	};
	let report = '';
	for (const [name, value] of Object.entries(variables)) {
		const line = `${name}=${value}\n`;
		const fits = Buffer.byteLength(report + line) <= longestReport;
		if (value !== '' && !/[\p{Cc}\u2028\u2029]/u.test(value) && fits) report += line;
	}
	try {
		writeFileSync(path, report);
	} catch (error) {
		log.notice(`the dotenv report ${quote(path)} could not be written (${(error as NodeJS.ErrnoException).code})`);
	}
}
