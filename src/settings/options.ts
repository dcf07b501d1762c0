/** The commands that have settings. */
export type Command = 'record' | 'replay' | 'check' | 'sync';

/**
 * One setting with its three spellings: option `--service-id`, variable ALERT24_SERVICE_ID, component input
 * `service_id`.
 */
export type OptionDefinition = Readonly<{
	/** The option's name without its dashes. */
	name: string;
	kind: 'text' | 'flag';
	description: string;
	/** The value without option and variable, in the words of help and docs. */
	default?: string;
	/** The commands that have the option. */
	commands: readonly Command[];
	/** The description and the default of sync, if the option means something else there. */
	inSync?: Readonly<{ description: string; default: string }>;
}>;

const record: readonly Command[] = ['record'];
const recordAndSync: readonly Command[] = ['record', 'sync'];
const sending: readonly Command[] = ['record', 'replay', 'sync'];
const all: readonly Command[] = ['record', 'replay', 'check', 'sync'];

/** Every option, in the order of the help. The API key is not an option, because options show in process lists. */
export const optionDefinitions = [
	{
		name: 'environment',
		kind: 'text',
		description: 'Environment to record, e.g. production',
		default: 'CI_ENVIRONMENT_NAME or BITBUCKET_DEPLOYMENT_ENVIRONMENT',
		commands: recordAndSync,
		inSync: { description: 'Environments to compare, separated by commas', default: 'all' },
	},
	{
		name: 'service-id',
		kind: 'text',
		description: 'Service that was deployed; several, separated by commas, result in one change each',
		default: 'the organization',
		commands: ['record', 'check', 'sync'],
	},
	{
		name: 'services',
		kind: 'text',
		description: 'Service of each deploy job: job=service, job=service; a job may be listed with several services',
		default: 'none; a job that is not listed uses service-id',
		commands: ['sync'],
	},
	{
		name: 'deploy-job',
		kind: 'text',
		description: 'Name of the deploy job that this separate job reports on',
		default: 'the running job is the deploy job',
		commands: record,
	},
	{
		name: 'status',
		kind: 'text',
		description: 'Outcome of the deployment: success, failed, canceled or timedout',
		default: 'the outcome that the CI reports',
		commands: record,
	},
	{
		name: 'assumed-status',
		kind: 'text',
		description: 'Outcome of the deploy job if GitLab does not report it; the component notify sets it',
		default: 'the outcome that the CI reports',
		commands: record,
	},
	{
		name: 'record-failures',
		kind: 'flag',
		description: 'Also record deployments that did not succeed',
		default: 'false',
		commands: recordAndSync,
	},
	{
		name: 'change-type',
		kind: 'text',
		description: 'One of Alert24’s change types, e.g. deployment, rollback, database_migration; or auto',
		default: 'auto',
		commands: record,
	},
	{
		name: 'risk-level',
		kind: 'text',
		description: 'low, medium, high or critical',
		default: 'high if the deployment did not succeed, else Alert24’s default (low)',
		commands: recordAndSync,
	},
	{
		name: 'summary',
		kind: 'text',
		description: 'The change in one line',
		default: 'Deployed PROJECT @ COMMIT',
		commands: record,
	},
	{
		name: 'name',
		kind: 'text',
		description: 'Name of the deployed software in the summary; every service of a monorepo needs one',
		default: 'the name of the project',
		commands: recordAndSync,
	},
	{ name: 'description', kind: 'text', description: 'Longer text about the change', commands: recordAndSync },
	{ name: 'tags', kind: 'text', description: 'Further tags, separated by commas', commands: recordAndSync },
	{
		name: 'changed-by',
		kind: 'text',
		description: 'Person who deployed',
		default: 'the user who started the pipeline or job',
		commands: record,
	},
	{
		name: 'external-id',
		kind: 'text',
		description: 'Unique id of this deployment, in printable ASCII',
		default: 'built from the CI’s ids, the environment and the service',
		commands: record,
	},
	{
		name: 'source',
		kind: 'text',
		description: 'System that reports the change',
		default: 'gitlab-ci or bitbucket-pipelines',
		commands: recordAndSync,
	},
	{
		name: 'api-url',
		kind: 'text',
		description: 'Base URL of Alert24; https, or http on a loopback address',
		default: 'https://app.alert24.net',
		commands: all,
	},
	{
		name: 'timeout',
		kind: 'text',
		description: 'Seconds for the whole run, lookups and retries included: 1 to 240',
		default: '60',
		commands: all,
	},
	{
		name: 'lookup',
		kind: 'text',
		description: 'auto, or never: request no facts from GitLab’s API',
		default: 'auto',
		commands: record,
	},
	{
		name: 'dedupe',
		kind: 'text',
		description:
			'When to search for an already recorded change before sending: on-retry (after an attempt that may have arrived), always or never',
		default: 'on-retry; always for replay',
		commands: ['record', 'replay'],
	},
	{
		name: 'undelivered-dir',
		kind: 'text',
		description: 'Folder that keeps undelivered changes for the command replay, one file per change',
		default: 'alert24-undelivered',
		commands: sending,
	},
	{
		name: 'output',
		kind: 'text',
		description: 'text, or json: one JSON object on stdout, everything else on stderr',
		default: 'text',
		commands: all,
	},
	{
		name: 'dotenv-file',
		kind: 'text',
		description: 'File for a dotenv report with the id of the change, for later jobs',
		default: 'none',
		commands: record,
	},
	{
		name: 'dry-run',
		kind: 'flag',
		description: 'Print the change on stdout and send nothing; needs no key',
		default: 'false',
		commands: sending,
		inSync: {
			description: 'Print one line for each missing deployment, and record nothing; needs the key',
			default: 'false',
		},
	},
	{
		name: 'verbose',
		kind: 'flag',
		description: 'Explain each step on stderr, without the values of secrets',
		default: 'false',
		commands: all,
	},
] as const satisfies readonly OptionDefinition[];

export type OptionName = (typeof optionDefinitions)[number]['name'];

/**
 * The options of the command line: flags as 'true' or 'false'. An empty option counts as absent, like an empty
 * variable.
 */
export type GivenOptions = Readonly<Partial<Record<OptionName, string>>>;

/** Returns the variable that sets the same as an option: `ALERT24_SERVICE_ID` for `service-id`. */
export function variableOf(name: OptionName): string {
	return `ALERT24_${name.toUpperCase().replaceAll('-', '_')}`;
}
