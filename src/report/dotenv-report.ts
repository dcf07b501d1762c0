import { appendFileSync, existsSync, statSync } from 'node:fs';
import { detectCi } from '../ci/detect-ci.ts';
import type { Delivery } from '../delivery/delivery.ts';
import type { Environment } from '../environment.ts';
import type { Log } from '../log/log.ts';
import { describeFileError, readRegularFile } from '../read-regular-file.ts';
import { quote } from '../text/visible-text.ts';
import { writeWholeFile } from '../write-whole-file.ts';

// GitLab fails the job for a report of 5 KiB.
const longestReport = 5 * 1024 - 1;
const largestVariablesFile = 1024 * 1024;
// GitLab expands `$NAME` in the values for later jobs, and Alert24 may return any text.
const safeValue = /^[\w.:/@%+-]+$/;

/**
 * Writes a dotenv report for later jobs: at most five variables, one line each, none of them the name of a setting.
 * GitLab fails the job for a malformed report
 * (https://docs.gitlab.com/ci/yaml/artifacts_reports/#artifactsreportsdotenv). A link at the path is replaced, not
 * followed. A file that cannot be written is reported in the log.
 */
export function writeDotenvReport(path: string, deliveries: readonly Delivery[], log: Log): void {
	try {
		// Not a folder, and not a device, which the file would replace.
		if (statSync(path, { throwIfNoEntry: false })?.isFile() === false) throw new Error('not a regular file');
		writeWholeFile(path, buildDotenvReport(deliveries));
	} catch (error) {
		log.notice(`the dotenv report ${quote(path)} could not be written (${describeFileError(error)})`);
	}
}

/** Adds the same variables to the file of a step's output variables in Bitbucket, to which others may have written. */
export function addOutputVariables(environment: Environment, deliveries: readonly Delivery[], log: Log): void {
	const path = detectCi(environment)?.findVariablesFile(environment);
	if (path === undefined) return;
	try {
		const others = existsSync(path) ? readRegularFile(path, largestVariablesFile).toString('utf8') : '';
		appendFileSync(path, `${/[^\n]$/.test(others) ? '\n' : ''}${buildDotenvReport(deliveries)}`);
	} catch (error) {
		// No setting asks for it.
		log.detail(`no output variables: ${quote(path)} could not be written (${describeFileError(error)})`);
	}
}

function buildDotenvReport(deliveries: readonly Delivery[]): string {
	const isRecorded =
		deliveries.length > 0 && deliveries.every(({ state }) => state === 'recorded' || state === 'already recorded');
	const variables = {
		/** `recorded` if Alert24 has every change, else `not_recorded`. */
		ALERT24_CHANGE_STATE: isRecorded ? 'recorded' : 'not_recorded',
		/** Alert24's id of the change. */
		ALERT24_CHANGE_ID: join(deliveries.map(({ id }) => id)),
		/** The page of the change, if Alert24's response contains it. */
		ALERT24_CHANGE_URL: join(deliveries.map(({ url }) => url)),
		/** The `external_id` of the change. */
		ALERT24_CHANGE_EXTERNAL_ID: join(deliveries.map(({ change }) => change.external_id)),
		/** The X-Request-Id of the last response. */
		ALERT24_CHANGE_REQUEST_ID: join(deliveries.map(({ requestId }) => requestId)),
	};
	let report = '';
	for (const [name, value] of Object.entries(variables)) {
		const line = `${name}=${value}\n`;
		if (/[^,]/.test(value) && report.length + line.length <= longestReport) report += line;
	}
	return report;
}

// In the order of the services. A value that is absent or unsafe leaves its place empty.
function join(values: readonly (string | undefined)[]): string {
	return values.map((value) => (value !== undefined && safeValue.test(value) ? value : '')).join(',');
}
