/** One setting with its three spellings: option `--service-id`, variable ALERT24_SERVICE_ID, component input `service_id`. */
export type OptionDefinition = Readonly<{
	/** The option's name without its dashes. */
	name: string;
	kind: 'text' | 'flag';
	description: string;
	/** What holds when neither option nor variable is there, as help and README say it. */
	default?: string;
	/** Whether the command `replay` knows the option, too. */
	isForReplay?: true;
}>;

/** Every option, in the order of the help. The API key is not among them: it would show in process lists. */
export const optionDefinitions = [
	{
		name: 'environment',
		kind: 'text',
		description: 'Environment to record, e.g. production',
		default: 'CI_ENVIRONMENT_NAME or BITBUCKET_DEPLOYMENT_ENVIRONMENT',
	},
	{
		name: 'service-id',
		kind: 'text',
		description: 'Service that was deployed; several, separated by commas, give one change each',
		default: 'the organization',
	},
	{
		name: 'deploy-job',
		kind: 'text',
		description: 'Name of the deploy job that this separate job reports on',
		default: 'the running job is the deploy job',
	},
	{
		name: 'status',
		kind: 'text',
		description: 'How the deployment ended: success, failed, canceled or timedout',
		default: 'what the CI says',
	},
	{
		name: 'record-failures',
		kind: 'flag',
		description: 'Record deployments that did not succeed, too',
		default: 'false',
	},
	{
		name: 'change-type',
		kind: 'text',
		description: 'One of Alert24’s change types, e.g. deployment, rollback, database_migration; or auto',
		default: 'auto',
	},
	{
		name: 'risk-level',
		kind: 'text',
		description: 'low, medium, high or critical',
		default: 'high when the deployment did not succeed, else Alert24’s own (low)',
	},
	{
		name: 'summary',
		kind: 'text',
		description: 'The change in one line',
		default: 'Deployed PROJECT @ COMMIT',
	},
	{ name: 'description', kind: 'text', description: 'The change in more words' },
	{ name: 'tags', kind: 'text', description: 'Further tags, separated by commas' },
	{
		name: 'changed-by',
		kind: 'text',
		description: 'Who deployed',
		default: 'the user who started the pipeline or job',
	},
	{
		name: 'external-id',
		kind: 'text',
		description: 'What names this deployment, and no other',
		default: 'built from the CI’s ids, the environment and the service',
	},
	{
		name: 'source',
		kind: 'text',
		description: 'The system that reports the change',
		default: 'gitlab-ci or bitbucket-pipelines',
	},
	{
		name: 'api-url',
		kind: 'text',
		description: 'Base URL of Alert24; https, or http on a loopback address',
		default: 'https://app.alert24.net',
		isForReplay: true,
	},
	{
		name: 'timeout',
		kind: 'text',
		description: 'Seconds for everything, retries included: 1 to 240',
		default: '60',
		isForReplay: true,
	},
	{
		name: 'dedupe',
		kind: 'text',
		description:
			'When to look for an already recorded change before sending: on-retry (after an attempt that may have arrived), always or never',
		default: 'on-retry; always for replay',
		isForReplay: true,
	},
	{
		name: 'undelivered-file',
		kind: 'text',
		description: 'File that keeps what could not be delivered, for the command replay',
		default: 'alert24-undelivered.json',
	},
	{
		name: 'output',
		kind: 'text',
		description: 'text, or json: one JSON object on stdout, everything else on stderr',
		default: 'text',
		isForReplay: true,
	},
	{
		name: 'dotenv-file',
		kind: 'text',
		description: 'Write a dotenv report there, with the id of the change, for later jobs',
		default: 'none',
	},
	{
		name: 'dry-run',
		kind: 'flag',
		description: 'Print what would be sent on stdout; send nothing, need no key',
		default: 'false',
		isForReplay: true,
	},
	{
		name: 'verbose',
		kind: 'flag',
		description: 'Explain each step on stderr, without the values of secrets',
		default: 'false',
		isForReplay: true,
	},
] as const satisfies readonly OptionDefinition[];

export type OptionName = (typeof optionDefinitions)[number]['name'];

/** What the command line gave: flags as 'true' or 'false'. An empty option is an absent one, like an empty variable. */
export type GivenOptions = Readonly<Partial<Record<OptionName, string>>>;

/** The variable that says the same as an option: `ALERT24_SERVICE_ID` for `service-id`. */
export function variableOf(name: OptionName): string {
	return `ALERT24_${name.toUpperCase().replaceAll('-', '_')}`;
}
