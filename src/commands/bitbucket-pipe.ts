// What a pipe in Bitbucket Pipelines does in its own way; everything else is as in any other step.
// https://support.atlassian.com/bitbucket-cloud/docs/write-a-pipe-for-bitbucket-pipelines/
// https://support.atlassian.com/bitbucket-cloud/docs/advanced-techniques-for-writing-pipes/
import { join } from 'node:path';
import type { Environment } from '../environment.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import type { LogStyle } from '../log/log-style.ts';
import { readFlag } from '../settings/flag.ts';
import { optionDefinitions, variableOf } from '../settings/options.ts';
import { quote } from '../text/visible-text.ts';

const prefix = 'ALERT24_';
const mostItems = 1000;
const failOnError = 'ALERT24_FAIL_ON_ERROR';
const settingVariables = [
	failOnError,
	'ALERT24_API_KEY',
	'ALERT24_API_KEY_FILE',
	...optionDefinitions.map(({ name }) => variableOf(name)),
];

/** Whether the program runs as a pipe: only there the environment tells of a directory for the pipe's files. */
export function isBitbucketPipe(environment: Environment): boolean {
	return environment['BITBUCKET_PIPE_STORAGE_DIR'] !== undefined;
}

/**
 * Gives a pipe's environment with every setting under its full name: `SERVICE_ID` is ALERT24_SERVICE_ID, which wins where both are there;
 * a YAML list, handed over as `TAGS_COUNT`, `TAGS_0`, …, is a list with commas; `DEBUG` is ALERT24_VERBOSE. That is safe, because a pipe gets no
 * variables but Bitbucket's own and those listed for it. What is undelivered goes to the pipe's storage directory.
 */
export function readPipeEnvironment(environment: Environment): Environment {
	const settings: Record<string, string | undefined> = {
		ALERT24_UNDELIVERED_FILE: join(environment['BITBUCKET_PIPE_STORAGE_DIR'] ?? '', 'alert24-undelivered.json'),
	};
	for (const variable of settingVariables) {
		const given = namesOf(variable)
			.map((name) => readVariable(environment, name))
			.find((value) => value !== undefined);
		if (given !== undefined) settings[variable] = given;
	}
	return { ...environment, ...settings };
}

/** The name by which the user of a pipe gave a setting; the environment is one of `readPipeEnvironment`. */
export function spellPipeVariable(environment: Environment, variable: string): string {
	const [, ...shortNames] = namesOf(variable);
	return shortNames.find((name) => readVariable(environment, name) === environment[variable]) ?? variable;
}

/** A pipe's output: all on stdout, the outcome in colour (there is no terminal to ask), the rest by level, as in Atlassian's toolkit. */
export const pipeLogStyle: LogStyle = {
	success: (line) => `\u001b[32m✔ ${line}\u001b[0m`,
	result: (line) => `INFO: ${line}`,
	failure: (line) => `\u001b[31m✖ ${line}\u001b[0m`,
	notice: (line) => `INFO: ${line}`,
	detail: (line) => `DEBUG: ${line}`,
	isAllOnStdout: true,
};

/** What is wrong with the settings that only a pipe has; nothing outside of a pipe. */
export function findPipeProblems(environment: Environment): string[] {
	const value = environment[failOnError];
	if (!isBitbucketPipe(environment) || value === undefined || readFlag(value) !== undefined) return [];
	return [`${spellPipeVariable(environment, failOnError)} must be true or false; got ${quote(value)}`];
}

/**
 * The exit code of a pipe, 0 or 1. One that could not record leaves the deployment alone unless FAIL_ON_ERROR says otherwise; a mistake in its
 * configuration fails the step, or nobody would see it.
 */
export function toPipeExitCode(exitCode: ExitCode, environment: Environment): 0 | 1 {
	switch (exitCode) {
		case exitCodes.ok:
			return 0;
		case exitCodes.configuration:
		case exitCodes.invalidChange:
			return 1;
		case exitCodes.fault:
		case exitCodes.refused:
		case exitCodes.undelivered:
			return readFlag(environment[failOnError] ?? '') ? 1 : 0;
	}
}

function namesOf(variable: string): string[] {
	const names = [variable, variable.slice(prefix.length)];
	return variable === variableOf('verbose') ? [...names, 'DEBUG'] : names;
}

function readVariable(environment: Environment, name: string): string | undefined {
	if (environment[name] !== undefined || environment[`${name}_COUNT`] === undefined) return environment[name];
	const items: string[] = [];
	const count = Math.min(Number(environment[`${name}_COUNT`]), mostItems);
	for (let index = 0; index < count; index += 1) {
		const item = environment[`${name}_${index}`];
		if (item !== undefined) items.push(item);
	}
	return items.length > 0 ? items.join(',') : undefined;
}
