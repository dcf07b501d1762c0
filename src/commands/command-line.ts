import type { Argv } from 'yargs';
import { changeSchema } from '../change/change-schema.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import type { Log } from '../log/log.ts';
import { ConfigurationError } from '../reported-error.ts';
import { type Command, type GivenOptions, type OptionDefinition, optionDefinitions } from '../settings/options.ts';
import { quote } from '../text/visible-text.ts';
import { version } from '../version.ts';
import { checkSetup } from './check.ts';
import type { CommandContext } from './command-context.ts';
import { explainMistake } from './explain-mistake.ts';
import { recordDeployment } from './record.ts';
import { replayChanges } from './replay.ts';
import { syncDeployments } from './sync.ts';
import { validateFile } from './validate.ts';

const exitCodeHelp = `Exit codes: 0 recorded, already recorded or nothing to record · 1 fault in this program · 2 usage or
configuration · 3 the change violates the schema · 4 Alert24 rejected it · 5 it could not be delivered now`;

const epilogue = `Each option is also a variable: --service-id is ALERT24_SERVICE_ID. An option overrides a variable. An empty
value counts as absent. The API key is read from ALERT24_API_KEY, or from the file that ALERT24_API_KEY or
ALERT24_API_KEY_FILE names. No option sets the key, because options show in process lists.

${exitCodeHelp}

https://gitlab.com/alert24/alert24-notify`;

const commandNames = ['record', 'replay', 'sync', 'check', 'validate', 'schema', 'serve', 'explain', 'outbox'];

/** Reads the command line and runs its command. Throws a ConfigurationError for an unknown command or option. */
export async function runCommandLine(
	argv: readonly string[],
	context: CommandContext,
	readStdin: () => Promise<Uint8Array>,
): Promise<ExitCode> {
	const { log } = context;
	let exitCode: ExitCode = exitCodes.ok;
	const { default: yargs } = await import('yargs');
	// yargs would look up the current directory, which may be gone.
	const parser = yargs([], '/')
		.scriptName('alert24-notify')
		.usage('$0 [command] [options]\n\nRecords deployments in Alert24’s change log.')
		.command(
			['record', '$0'],
			'Record the deployment that this CI job made or reports on (the default)',
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
				// yargs turns a positional `-` into ''.
				exitCode = await validateFile(argv.includes('-') ? '-' : file, readStdin, log);
			},
		)
		.command(
			'replay <path>',
			'Send the undelivered changes in a folder or file, each at most once; a change that still fails stays there',
			(command) =>
				withOptions(
					command.positional('path', {
						type: 'string',
						demandOption: true,
						describe: 'Folder, file, or - for JSON lines on stdin',
					}),
					'replay',
				),
			async (given) => {
				const path = argv.includes('-') ? '-' : String(given['path']);
				exitCode = await replayChanges(path, readGivenOptions(given), context, readStdin);
			},
		)
		.command(
			'sync',
			'Record the deployments of the last 24 h that are in GitLab and missing from Alert24; --dry-run reports them',
			(command) => withOptions(command, 'sync'),
			async (given) => {
				exitCode = await syncDeployments(readGivenOptions(given), context);
			},
		)
		.command(
			'serve',
			'Receive webhooks of GitLab and Bitbucket and record their changes (docs/relay.md)',
			(command) =>
				command.option('check', { type: 'boolean', describe: 'Check the settings, rules and store without listening' }),
			async ({ check = false }) => {
				const { serveRelay } = await import('./serve.ts');
				exitCode = await serveRelay(check, context);
			},
		)
		.command(
			'explain <file>',
			'Print the rule that a saved webhook event matches, and the change',
			(command) => command.positional('file', { type: 'string', demandOption: true, describe: 'Path, or - for stdin' }),
			async ({ file }) => {
				const { explainEvent } = await import('./explain.ts');
				exitCode = await explainEvent(argv.includes('-') ? '-' : file, context, readStdin);
			},
		)
		.command(
			'outbox <action> [folder]',
			'List, retry or export the changes in the store of `serve`',
			(command) =>
				command
					.positional('action', { choices: ['list', 'retry', 'export'] as const, demandOption: true })
					.positional('folder', { type: 'string', default: 'alert24-undelivered', describe: 'For export' }),
			async ({ action, folder }) => {
				const { manageOutbox } = await import('./outbox.ts');
				exitCode = await manageOutbox(action, folder, context);
			},
		)
		.command(
			'check',
			'Verify the setup (settings, proxy, CA, key, scope, services) and record nothing',
			(command) => withOptions(command, 'check'),
			async (given) => {
				exitCode = await checkSetup(readGivenOptions(given), context);
			},
		)
		.command('schema', 'Print the JSON Schema of a change', {}, () => log.resultJson(changeSchema))
		.example('$0', 'Record the deployment of this job, configured by ALERT24_* variables')
		.example('$0 --environment production --service-id svc_1', 'The same, configured by options')
		.example('$0 --dry-run', 'Show the change without sending it; needs no key')
		.example('$0 --status failed --record-failures', 'Record a deployment that failed')
		.example('$0 check', 'Verify the setup before the first deployment')
		.example('$0 validate change.json', 'Check a change that you wrote by hand')
		.example('$0 replay alert24-undelivered', 'Send the changes that an earlier job could not deliver')
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
			// yargs throws some mistakes of the command line, and passes the others as a message.
			if (error !== undefined && error !== null && error.name !== 'YError') throw error;
			throw new ConfigurationError([explainMistake(message ?? error.message, argv, commandNames)]);
		});
	rejectInvalidFlags(argv);
	await parser.parseAsync(argv, {}, (_error, _argv, output) => printOutput(output, log));
	return exitCode;
}

function withOptions(command: Argv, name: Command): Argv {
	for (const option of optionDefinitions as readonly OptionDefinition[]) {
		if (!option.commands.includes(name)) continue;
		const texts = (name === 'sync' ? option.inSync : undefined) ?? option;
		const common = { describe: texts.description, defaultDescription: texts.default };
		if (option.kind === 'flag') command.option(option.name, { ...common, type: 'boolean' });
		else command.option(option.name, { ...common, type: 'string', requiresArg: true });
	}
	return command;
}

// yargs takes any value of a flag but true for false, ignores all arguments after `--`, and has a hidden option for
// completions.
function rejectInvalidFlags(argv: readonly string[]): void {
	const unknown = argv.filter((word) => word === '--' || word.startsWith('--get-yargs-completions'));
	if (unknown.length > 0) throw new ConfigurationError(unknown.map((word) => `unknown argument ${word}`));
	const flags = optionDefinitions.filter(({ kind }) => kind === 'flag');
	const odd = argv.filter((word) =>
		flags.some(({ name }) => word.startsWith(`--${name}=`) && !/=(true|false)$/.test(word)),
	);
	if (odd.length > 0) throw new ConfigurationError(odd.map((word) => `${quote(word)} must end in =true or =false`));
}

// yargs turns an option that occurs twice into an array.
function readGivenOptions(given: Readonly<Record<string, unknown>>): GivenOptions {
	const twice = optionDefinitions.filter(({ name }) => Array.isArray(given[name]));
	if (twice.length > 0) {
		throw new ConfigurationError(twice.map(({ name }) => `--${name} occurs twice; it takes one value`));
	}
	const present = optionDefinitions.filter(({ name }) => given[name] !== undefined);
	return Object.fromEntries(present.map(({ name }) => [name, String(given[name])]));
}

function printOutput(output: string, log: Log): void {
	for (const line of output === '' ? [] : output.split('\n')) log.print(line);
}
