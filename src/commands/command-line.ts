import yargs, { type Argv } from 'yargs';
import { changeSchema } from '../change/change-schema.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import type { Log } from '../log/log.ts';
import { ConfigurationError } from '../reported-error.ts';
import { type GivenOptions, type OptionDefinition, optionDefinitions, variableOf } from '../settings/options.ts';
import { quote } from '../text/visible-text.ts';
import { version } from '../version.ts';
import { type CommandContext, recordDeployment } from './record.ts';
import { replayFile } from './replay.ts';
import { validateFile } from './validate.ts';

const exitCodeHelp = `Exit codes: 0 recorded, already recorded or nothing to record · 1 fault in this program · 2 usage or
configuration · 3 the change violates the schema · 4 Alert24 refused it · 5 it could not be delivered now`;

const epilogue = `Every option can be given as a variable: --service-id is ALERT24_SERVICE_ID. Options beat variables. An empty
one is an absent one. The API key is taken from ALERT24_API_KEY, or from the file that ALERT24_API_KEY or
ALERT24_API_KEY_FILE names; there is no option for it, because options show in process lists.

${exitCodeHelp}

https://gitlab.com/alert24/alert24-notify`;

/** Reads the command line and runs the command that it names. Throws a ConfigurationError for one that is not understood. */
export async function runCommandLine(
	argv: readonly string[],
	context: CommandContext,
	readStdin: () => Promise<Uint8Array>,
): Promise<ExitCode> {
	const { log } = context;
	let exitCode: ExitCode = exitCodes.ok;
	// Not the current directory, which yargs would look up: it may be gone.
	const parser = yargs([], '/')
		.scriptName('alert24-notify')
		.usage('$0 [command] [options]\n\nRecords deployments in Alert24’s change log.')
		.command(
			['record', '$0'],
			'Record the deployment that this CI job made, or reports on (the default)',
			(command) => withOptions(command, 'record'),
			async (given) => {
				exitCode = await recordDeployment(readGivenOptions(given), context);
			},
		)
		.command(
			'validate <file>',
			'Check a change, or an array of changes, in a JSON file against the schema',
			(command) => command.positional('file', { type: 'string', demandOption: true, describe: 'Path, or - for stdin' }),
			async ({ file }) => {
				// yargs makes '' of a '-' that is a positional argument.
				exitCode = await validateFile(argv.includes('-') ? '-' : file, readStdin, log);
			},
		)
		.command(
			'replay <file>',
			'Send what a file of undelivered changes holds, each at most once; what still fails stays in it',
			(command) => withOptions(command.positional('file', { type: 'string', demandOption: true }), 'replay'),
			async (given) => {
				exitCode = await replayFile(String(given['file']), readGivenOptions(given), context);
			},
		)
		.command('schema', 'Print the JSON Schema of a change', {}, () => log.resultJson(changeSchema))
		.example('$0', 'Record the deployment of this job, configured by ALERT24_* variables')
		.example('$0 --environment production --service-id svc_1', 'The same, configured by options')
		.example('$0 --dry-run', 'Show what would be sent, without a key')
		.example('$0 --status failed --record-failures', 'Record a deployment that failed')
		.example('$0 validate change.json', 'Check a change made by hand')
		.example('$0 replay alert24-undelivered.json', 'Send what an earlier job could not')
		.epilogue(epilogue)
		.version(version)
		.help()
		.alias('help', 'h')
		.wrap(110)
		.strict()
		.parserConfiguration({
			'boolean-negation': false,
			'camel-case-expansion': false,
			'dot-notation': false,
			'parse-numbers': false,
			'parse-positional-numbers': false,
		})
		.exitProcess(false)
		.fail((message, error) => {
			// yargs throws some mistakes of the command line, and tells the others.
			if (error !== undefined && error !== null && error.name !== 'YError') throw error;
			throw new ConfigurationError([`${message ?? error.message} (see alert24-notify --help)`]);
		});
	rejectOddWords(argv);
	await parser.parseAsync(argv, {}, (_error, _argv, output) => printOutput(output, log));
	return exitCode;
}

function withOptions(command: Argv, name: 'record' | 'replay'): Argv {
	for (const option of optionDefinitions as readonly OptionDefinition[]) {
		if (name === 'replay' && !option.isForReplay) continue;
		const common = { describe: option.description, defaultDescription: option.default };
		if (option.kind === 'flag') command.option(option.name, { ...common, type: 'boolean' });
		else command.option(option.name, { ...common, type: 'string', requiresArg: true });
	}
	return command;
}

// yargs takes whatever a flag is set to, other than true, for false; it passes over what follows `--`, and completes command lines when asked to.
function rejectOddWords(argv: readonly string[]): void {
	const unknown = argv.filter((word) => word === '--' || word.startsWith('--get-yargs-completions'));
	if (unknown.length > 0) throw new ConfigurationError(unknown.map((word) => `Unknown argument: ${word}`));
	const flags = optionDefinitions.filter(({ kind }) => kind === 'flag');
	const odd = argv.filter((word) =>
		flags.some(({ name }) => word.startsWith(`--${name}=`) && !/=(true|false)$/.test(word)),
	);
	if (odd.length > 0) throw new ConfigurationError(odd.map((word) => `${quote(word)} must end in =true or =false`));
}

// yargs makes an array of an option that is given twice.
function readGivenOptions(given: Readonly<Record<string, unknown>>): GivenOptions {
	const twice = optionDefinitions.filter(({ name }) => Array.isArray(given[name]));
	if (twice.length > 0) {
		throw new ConfigurationError(
			twice.map(({ name }) => `--${name} is given twice; ${variableOf(name)} takes one value`),
		);
	}
	const present = optionDefinitions.filter(({ name }) => given[name] !== undefined);
	return Object.fromEntries(present.map(({ name }) => [name, String(given[name])]));
}

function printOutput(output: string, log: Log): void {
	for (const line of output === '' ? [] : output.split('\n')) log.print(line);
}
