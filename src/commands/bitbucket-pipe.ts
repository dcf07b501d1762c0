// The pipe in Bitbucket Pipelines: its own names of settings, log style and exit codes. Everything else is as in any
// other step. https://support.atlassian.com/bitbucket-cloud/docs/write-a-pipe-for-bitbucket-pipelines/
// https://support.atlassian.com/bitbucket-cloud/docs/advanced-techniques-for-writing-pipes/
import { join } from 'node:path';
import type { Environment } from '../environment.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import type { LogStyle } from '../log/log-style.ts';
import { readFlag } from '../settings/flag.ts';
import { optionDefinitions, variableOf } from '../settings/options.ts';
import { quote } from '../text/visible-text.ts';
import type { FrontDoor } from './front-door.ts';

const prefix = 'ALERT24_';
const mostItems = 1000;
const failOnError = 'ALERT24_FAIL_ON_ERROR';
const storageDirectory = 'BITBUCKET_PIPE_STORAGE_DIR';
const settingVariables = [
	failOnError,
	'ALERT24_API_KEY',
	'ALERT24_API_KEY_FILE',
	...optionDefinitions.map(({ name }) => variableOf(name)),
];

/** Returns true if the program runs as a pipe: only a pipe's environment names a directory for its files. */
export function isBitbucketPipe(environment: Environment): boolean {
	return environment[storageDirectory] !== undefined;
}

/** Returns the door of the pipe. */
export function openBitbucketPipe(variables: Environment): FrontDoor {
	const environment = readPipeEnvironment(variables);
	return {
		environment,
		logStyle: pipeLogStyle,
		spellVariable: (variable) => spellPipeVariable(environment, variable),
		problems: findPipeProblems(environment),
		notices: findNotices(environment),
		toExitCode: (exitCode) => toPipeExitCode(exitCode, environment),
	};
}

// Every setting under its full name: `SERVICE_ID` is ALERT24_SERVICE_ID, which wins if both are set. A YAML list, which
// Bitbucket passes as `TAGS_COUNT`, `TAGS_0`, …, becomes a list with commas. `DEBUG` is ALERT24_VERBOSE. Short names
// are safe, because a pipe receives only Bitbucket's variables and those listed for it. Undelivered changes go to the
// pipe's storage directory.
function readPipeEnvironment(environment: Environment): Environment {
	const settings: Record<string, string | undefined> = {
		ALERT24_UNDELIVERED_DIR: join(environment[storageDirectory] ?? '', 'alert24-undelivered'),
	};
	for (const variable of settingVariables) {
		const given = namesOf(variable)
			.map((name) => readVariable(environment, name))
			.find((value) => value !== undefined);
		if (given !== undefined) settings[variable] = given;
	}
	return { ...environment, ...settings };
}

function spellPipeVariable(environment: Environment, variable: string): string {
	const [, ...shortNames] = namesOf(variable);
	return shortNames.find((name) => readVariable(environment, name) === environment[variable]) ?? variable;
}

// All lines on stdout, results in color (a pipe has no terminal that could be asked), the rest by level, as in
// Atlassian's toolkit.
const pipeLogStyle: LogStyle = {
	success: (line) => `\u001b[32m✔ ${line}\u001b[0m`,
	result: (line) => `INFO: ${line}`,
	failure: (line) => `\u001b[31m✖ ${line}\u001b[0m`,
	notice: (line) => `INFO: ${line}`,
	detail: (line) => `DEBUG: ${line}`,
	isAllOnStdout: true,
};

function findPipeProblems(environment: Environment): string[] {
	const value = environment[failOnError];
	if (value === undefined || readFlag(value) !== undefined) return [];
	return [`${spellPipeVariable(environment, failOnError)} must be true or false; got ${quote(value)}`];
}

// The variables are the same in a script, where the exit code is absent, and in an after-script that does not pass the
// exit code.
function findNotices(environment: Environment): string[] {
	if (environment['BITBUCKET_EXIT_CODE'] !== undefined || environment[variableOf('status')] !== undefined) return [];
	return [
		'BITBUCKET_EXIT_CODE is empty, so the deployment counts as succeeded; in an after-script, add BITBUCKET_EXIT_CODE: $BITBUCKET_EXIT_CODE to the variables of the pipe',
	];
}

// A pipe that could not record does not fail the step unless FAIL_ON_ERROR is set. A mistake in its configuration fails
// the step, because nobody would see it otherwise.
function toPipeExitCode(exitCode: ExitCode, environment: Environment): ExitCode {
	switch (exitCode) {
		case exitCodes.ok:
			return exitCodes.ok;
		case exitCodes.configuration:
		case exitCodes.invalidChange:
			return exitCodes.fault;
		case exitCodes.fault:
		case exitCodes.refused:
		case exitCodes.undelivered:
			return readFlag(environment[failOnError] ?? '') ? exitCodes.fault : exitCodes.ok;
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
