import { type ExitCode, exitCodes } from './exit-codes.ts';

/** An error whose message is shown to the user as it is: what happened, with which value, and what to do. */
export class ReportedError extends Error {
	override readonly name: string = 'ReportedError';
	readonly exitCode: ExitCode;

	constructor(exitCode: ExitCode, message: string, options?: ErrorOptions) {
		super(message, options);
		this.exitCode = exitCode;
	}
}

/** Everything that is wrong with options, variables and surroundings, in one report: one problem a line. */
export class ConfigurationError extends ReportedError {
	override readonly name = 'ConfigurationError';

	constructor(problems: readonly string[]) {
		super(exitCodes.configuration, problems.join('\n'));
	}
}

/** A change that the schema refuses: one violation a line. */
export class InvalidChangeError extends ReportedError {
	override readonly name = 'InvalidChangeError';

	constructor(violations: readonly string[]) {
		super(exitCodes.invalidChange, violations.join('\n'));
	}
}
