import { appendFileSync, existsSync, statSync, writeFileSync } from 'node:fs';
import { detectCi } from '../ci/detect-ci.ts';
import type { Delivery } from '../delivery/delivery.ts';
import type { Environment } from '../environment.ts';
import type { Log } from '../log/log.ts';
import { describeFileError, readRegularFile } from '../read-regular-file.ts';
import { quote } from '../text/visible-text.ts';

const longestReport = 5 * 1024;
const largestVariablesFile = 1024 * 1024;

/**
 * Writes a dotenv report for later jobs: at most four variables, one line each, none of them the name of a setting. GitLab fails the job
 * for a malformed one, so a value with line breaks or of several kB is left out
 * (https://docs.gitlab.com/ci/yaml/artifacts_reports/#artifactsreportsdotenv). A file that cannot be written is told.
 */
export function writeDotenvReport(path: string, deliveries: readonly Delivery[], log: Log): void {
	try {
		// A pipe would wait for its reader.
		if (statSync(path, { throwIfNoEntry: false })?.isFile() === false) throw new Error('it is no regular file');
		writeFileSync(path, buildDotenvReport(deliveries));
	} catch (error) {
		log.notice(`the dotenv report ${quote(path)} could not be written (${describeFileError(error)})`);
	}
}

/** Adds the same variables to the file that Bitbucket reads a step's output variables from; others may have written to it. */
export function addOutputVariables(environment: Environment, deliveries: readonly Delivery[], log: Log): void {
	const path = detectCi(environment)?.findVariablesFile(environment);
	if (path === undefined) return;
	try {
		const others = existsSync(path) ? readRegularFile(path, largestVariablesFile).toString('utf8') : '';
		appendFileSync(path, `${/[^\n]$/.test(others) ? '\n' : ''}${buildDotenvReport(deliveries)}`);
	} catch (error) {
		// Nobody asked for it.
		log.detail(`no output variables: ${quote(path)} could not be written (${describeFileError(error)})`);
	}
}

function buildDotenvReport(deliveries: readonly Delivery[]): string {
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
	return report;
}
