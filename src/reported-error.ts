import { type ExitCode, exitCodes } from './exit-codes.ts';

/** An error whose message the user sees as it is: the event, the value concerned, the action to take. */
export class ReportedError extends Error {
	override readonly name: string = 'ReportedError';
	readonly exitCode: ExitCode;

	constructor(exitCode: ExitCode, message: string, options?: ErrorOptions) {
		super(message, options);
		this.exitCode = exitCode;
	}
}

/** All mistakes in options, variables and the environment in one report, one per line. */
export class ConfigurationError extends ReportedError {
	override readonly name = 'ConfigurationError';

	constructor(problems: readonly string[]) {
		super(exitCodes.configuration, problems.join('\n'));
	}
}

/** A change that the schema rejects. The message has one violation per line. */
export class InvalidChangeError extends ReportedError {
	override readonly name = 'InvalidChangeError';

	constructor(violations: readonly string[]) {
		super(exitCodes.invalidChange, violations.join('\n'));
	}
}
