import { readGitCommit } from './ci/read-git-commit.ts';
import { isBitbucketPipe, pipeLogStyle, readPipeEnvironment, toPipeExitCode } from './commands/bitbucket-pipe.ts';
import { type CommandContext, recordDeployment } from './commands/record.ts';
import { systemClock } from './delivery/clock.ts';
import { retryPolicy } from './delivery/retry-policy.ts';
import { type Environment, readEnvironment } from './environment.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import { Log, type Terminal } from './log/log.ts';
import { commandLogStyle, type LogStyle } from './log/log-style.ts';
import { ReportedError } from './reported-error.ts';
import { variableOf } from './settings/options.ts';
import { Redactor } from './text/redact.ts';

/** What `run` is given of the process; tests give their own. */
export type Surroundings = Readonly<{
	variables: Readonly<Record<string, string | undefined>>;
	terminal: Terminal;
	signal: AbortSignal;
	readStdin(): Promise<Uint8Array>;
}> &
	Partial<Pick<CommandContext, 'policy' | 'clock' | 'readCommit'>>;

/** Runs the command with its arguments (those after the program's name). Never throws: what goes wrong is said, and is the exit code. */
export async function run(argv: readonly string[], surroundings: Surroundings): Promise<ExitCode> {
	const environment = readEnvironment(surroundings.variables);
	if (!isBitbucketPipe(environment)) return await runCommand(argv, environment, surroundings, commandLogStyle);
	const pipeEnvironment = readPipeEnvironment(environment);
	return toPipeExitCode(await runCommand(argv, pipeEnvironment, surroundings, pipeLogStyle), pipeEnvironment);
}

async function runCommand(
	argv: readonly string[],
	environment: Environment,
	surroundings: Surroundings,
	style: LogStyle,
): Promise<ExitCode> {
	const redactor = new Redactor(environment);
	const log = new Log(surroundings.terminal, redactor, style);
	// Known before the settings are read, for whatever goes wrong until then.
	const given = /(?:^|\0)--output[=\0](\w*)/.exec(argv.join('\0'))?.[1];
	log.isJson = (given || environment[variableOf('output')]) === 'json';
	try {
		const { policy = retryPolicy, clock = systemClock, signal } = surroundings;
		const { readCommit = (query) => readGitCommit(query, log, signal) } = surroundings;
		const context: CommandContext = { environment, log, redactor, policy, clock, signal, readCommit };
		// What the component's job runs. It needs no parser of options, which takes longer to load than all the rest.
		if (argv.length === 0) return await recordDeployment({}, context);
		const { runCommandLine } = await import('./commands/command-line.ts');
		return await runCommandLine(argv, context, surroundings.readStdin);
	} catch (error) {
		if (error instanceof ReportedError) {
			log.failure(error.message);
			log.summary({ outcome: 'error', exit_code: error.exitCode, reason: error.message, services: [] });
			return error.exitCode;
		}
		const fault = error instanceof Error ? `${error.stack}` : String(error);
		log.failure(`a fault in alert24-notify, please report it:\n${fault}`);
		log.summary({ outcome: 'error', exit_code: exitCodes.fault, reason: fault, services: [] });
		return exitCodes.fault;
	}
}
