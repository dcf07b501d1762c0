import type { Environment } from '../environment.ts';
import type { ExitCode } from '../exit-codes.ts';
import { commandLogStyle, type LogStyle } from '../log/log-style.ts';

/** A way into the program: the command, or the Bitbucket pipe with its own names, log style and exit codes. */
export type FrontDoor = Readonly<{
	/** The variables under the names of the command. */
	environment: Environment;
	logStyle: LogStyle;
	/** Returns the name under which the user set a variable. */
	spellVariable(variable: string): string;
	/** The mistakes in settings that only this door has. */
	problems: readonly string[];
	/** Lines to log before a deployment is recorded. */
	notices: readonly string[];
	toExitCode(exitCode: ExitCode): ExitCode;
}>;

/** Returns the door of the command. */
export function openCommand(environment: Environment): FrontDoor {
	return {
		environment,
		logStyle: commandLogStyle,
		spellVariable: (variable) => variable,
		problems: [],
		notices: [],
		toExitCode: (exitCode) => exitCode,
	};
}
