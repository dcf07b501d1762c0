import { readGitCommit } from './ci/read-git-commit.ts';
import { isBitbucketPipe, openBitbucketPipe } from './commands/bitbucket-pipe.ts';
import type { CommandContext } from './commands/command-context.ts';
import { runCommandLine } from './commands/command-line.ts';
import { type FrontDoor, openCommand } from './commands/front-door.ts';
import { recordDeployment } from './commands/record.ts';
import { systemClock } from './delivery/clock.ts';
import { retryPolicy } from './delivery/retry-policy.ts';
import { readEnvironment } from './environment.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import { Log, type Terminal } from './log/log.ts';
import { printResult } from './report/result.ts';
import { ReportedError } from './reported-error.ts';
import { readApiKey } from './settings/read-api-key.ts';
import { readLogSettings } from './settings/settings.ts';
import { Redactor } from './text/redact.ts';

/** The process around the program. Tests replace it. */
export type ProcessIo = Readonly<{
	variables: Readonly<Record<string, string | undefined>>;
	terminal: Terminal;
	/** Aborted when the job is canceled. */
	signal: AbortSignal;
	readStdin(): Promise<Uint8Array>;
}> &
	Partial<Pick<CommandContext, 'policy' | 'clock' | 'readCommit'>>;

/** Runs the command with the arguments after the program's name, and returns the exit code. Never throws. */
export async function run(argv: readonly string[], io: ProcessIo): Promise<ExitCode> {
	const variables = readEnvironment(io.variables);
	const door = isBitbucketPipe(variables) ? openBitbucketPipe(variables) : openCommand(variables);
	return door.toExitCode(await runCommand(argv, door, io));
}

async function runCommand(argv: readonly string[], door: FrontDoor, io: ProcessIo): Promise<ExitCode> {
	const key = readApiKey(door.environment);
	const redactor = new Redactor(door.environment, key.apiKey);
	// No secret is in a text that is truncated, sent or kept later.
	const environment = redactor.redactEnvironment(door.environment);
	const args = argv.map((arg) => redactor.redactKeys(arg));
	const { output, isVerbose } = readLogSettings(environment, findLogOptions(args));
	const log = new Log(io.terminal, redactor, { style: door.logStyle, isVerbose, isJson: output === 'json' });
	try {
		const { policy = retryPolicy, clock = systemClock, signal, readStdin } = io;
		const readCommit: CommandContext['readCommit'] = async (query) => {
			const commit = await (io.readCommit ?? ((asked) => readGitCommit(asked, log, signal)))(query);
			return commit && { ...commit, message: redactor.redactKeys(commit.message) };
		};
		const context: CommandContext = { environment, log, redactor, policy, clock, signal, readCommit, door, key };
		// The component's job has no arguments, so it does not load yargs.
		if (args.length === 0) return await recordDeployment({}, context);
		return await runCommandLine(args, context, readStdin);
	} catch (error) {
		if (error instanceof ReportedError) {
			log.failure(error.message);
			printResult({ outcome: 'error', exit_code: error.exitCode, reason: error.message, services: [] }, log);
			return error.exitCode;
		}
		const fault = error instanceof Error ? `${error.stack}` : String(error);
		log.failure(`a fault in alert24-notify, please report it:\n${fault}`);
		printResult({ outcome: 'error', exit_code: exitCodes.fault, reason: fault, services: [] }, log);
		return exitCodes.fault;
	}
}

// The log is needed before yargs has read the options, for whatever fails until then.
function findLogOptions(args: readonly string[]): { output?: string; verbose?: string } {
	const output = /(?:^|\0)--output[=\0](\w*)/.exec(args.join('\0'))?.[1];
	const isVerbose = args.includes('--verbose') || args.includes('--verbose=true');
	return { ...(output && { output }), ...(isVerbose && { verbose: 'true' }) };
}
