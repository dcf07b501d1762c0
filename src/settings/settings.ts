import type { GivenFields, Outcome, Overrides } from '../change/deployment.ts';
import { outcomes } from '../change/deployment.ts';
import { findViolations } from '../change/validate-change.ts';
import type { Environment } from '../environment.ts';
import { readProxySettings } from '../network/proxy.ts';
import { type Command, type GivenOptions, type OptionName, optionDefinitions } from './options.ts';
import { readApiUrl } from './read-api-url.ts';
import { SettingReader, type SettingSource } from './setting-reader.ts';

const dedupeModes = ['on-retry', 'always', 'never'] as const;

/**
 * The search for an already recorded change before an attempt: only after one that may have arrived, always, or never.
 */
export type DedupeMode = (typeof dedupeModes)[number];

/** The user's decisions, from options and variables. */
export type Settings = Readonly<{
	overrides: Overrides;
	/** For sync: the environments to compare. Empty: all. */
	environments: readonly string[];
	/** Empty: one change for the organization. */
	serviceIds: readonly string[];
	/** The services that each deploy job deploys, by the name of the job. */
	services: ReadonlyMap<string, ReadonlySet<string>>;
	deployJob: string | undefined;
	status: Outcome | undefined;
	/** The outcome of the deploy job if GitLab does not report it. */
	assumedStatus: Outcome | undefined;
	shouldRecordFailures: boolean;
	lookup: 'auto' | 'never';
	apiUrl: URL;
	/** The proxies on the way to Alert24, in the form that Node's agents take. */
	proxyEnv: Readonly<Record<string, string>>;
	budgetMs: number;
	dedupe: DedupeMode | undefined;
	undeliveredDir: string;
	output: 'text' | 'json';
	dotenvFile: string | undefined;
	isDryRun: boolean;
	isVerbose: boolean;
}>;

/** Settings with all mistakes in them: unusable values, unusable proxies, and values that the schema rejects. */
export type ReadSettings = Readonly<{
	settings: Settings;
	problems: string[];
	proxyProblems: readonly string[];
	violations: string[];
}>;

// Texts that are recorded as they stand.
const recordedTexts = [
	'environment',
	'deploy-job',
	'name',
	'summary',
	'description',
	'changed-by',
	'external-id',
	'source',
] as const;
const defaultBudgetSeconds = 60;
const longestBudgetSeconds = 240;
const longestName = 255;

/** Reads every setting. A setting with a mistake is reported and counts as absent. */
export function readSettings(source: SettingSource): ReadSettings {
	const reader = new SettingReader(source);
	const apiUrl = readApiUrl(reader);
	const isDryRun = reader.flag('dry-run');
	const proxies = readProxySettings(source.environment, apiUrl);
	const settings: Settings = {
		overrides: readOverrides(reader, source.command),
		environments: reader.list('environment'),
		serviceIds: reader.list('service-id'),
		services: readServices(reader),
		deployJob: readLimited(reader, 'deploy-job'),
		status: reader.choice('status', outcomes),
		assumedStatus: reader.choice('assumed-status', outcomes),
		shouldRecordFailures: reader.flag('record-failures'),
		lookup: reader.choice('lookup', ['auto', 'never']) ?? 'auto',
		apiUrl,
		proxyEnv: proxies.proxyEnv,
		budgetMs: readBudget(reader),
		dedupe: reader.choice('dedupe', dedupeModes),
		undeliveredDir: reader.text('undelivered-dir') ?? 'alert24-undelivered',
		output: reader.choice('output', ['text', 'json']) ?? 'text',
		dotenvFile: reader.text('dotenv-file'),
		isDryRun,
		isVerbose: reader.flag('verbose'),
	};
	for (const name of recordedTexts) reader.rejectReference(name, reader.text(name));
	for (const name of ['service-id', 'tags'] as const) {
		for (const item of reader.list(name)) reader.rejectReference(name, item);
	}
	return {
		settings,
		problems: reader.problems,
		proxyProblems: isDryRun && source.command !== 'check' ? [] : proxies.problems,
		violations: findViolationsByHand(settings, reader),
	};
}

/**
 * Returns the format of the log. The log is needed before all other settings are read, so mistakes are not reported
 * here.
 */
export function readLogSettings(
	environment: Environment,
	options: GivenOptions,
): Pick<Settings, 'output' | 'isVerbose'> {
	const reader = new SettingReader({ environment, options, command: 'record', spellVariable: (name) => name });
	return { output: reader.choice('output', ['text', 'json']) ?? 'text', isVerbose: reader.flag('verbose') };
}

function readOverrides(reader: SettingReader, command: Command): Overrides {
	const changeType = reader.text('change-type');
	const fields = {
		// sync reads a list of environments.
		environment: command === 'sync' ? undefined : reader.text('environment'),
		change_type: changeType === 'auto' ? undefined : changeType,
		risk_level: reader.text('risk-level'),
		summary: reader.text('summary'),
		description: reader.text('description'),
		changed_by: reader.text('changed-by'),
		external_id: reader.text('external-id'),
		source: reader.text('source'),
	};
	// The type is not proven until `findViolationsByHand` has validated the fields.
	const given = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
	return { fields: given as Partial<GivenFields>, name: readLimited(reader, 'name'), tags: reader.list('tags') };
}

function readLimited(reader: SettingReader, name: OptionName): string | undefined {
	const text = reader.text(name);
	if (text !== undefined && [...text].length > longestName) {
		reader.reject(name, `must have at most ${longestName} characters`);
	}
	return text;
}

// The name of a job may contain `=`, the id of a service cannot.
function readServices(reader: SettingReader): Settings['services'] {
	const services = new Map<string, Set<string>>();
	for (const item of reader.list('services')) {
		const [, job, service] = /^(.*[^\s])\s*=\s*([^\s=/]{1,255})$/.exec(item) ?? [];
		if (job === undefined || service === undefined) reader.reject('services', 'must be a list of job=service');
		else services.set(job, (services.get(job) ?? new Set()).add(service));
	}
	return services;
}

function readBudget(reader: SettingReader): number {
	const text = reader.text('timeout') ?? String(defaultBudgetSeconds);
	const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
	if (seconds >= 1 && seconds <= longestBudgetSeconds) return seconds * 1000;
	reader.reject('timeout', `must be a number of seconds from 1 to ${longestBudgetSeconds}`);
	return defaultBudgetSeconds * 1000;
}

// Validates each value set by hand, and names the setting that it comes from.
function findViolationsByHand({ overrides, serviceIds }: Settings, reader: SettingReader): string[] {
	const { fields, tags } = overrides;
	const parts: object[] = [tags.length > 0 ? { ...fields, tags } : fields];
	parts.push(...serviceIds.map((id) => ({ service_id: id })));
	return parts
		.flatMap(findViolations)
		.filter((violation) => !violation.isAbsence)
		.map(({ field, message }) => `${message} (from ${reader.spell(optionOf(field))})`);
}

function optionOf(field: string): OptionName {
	const name = field.replaceAll('_', '-');
	const definition = optionDefinitions.find((option) => option.name === name);
	if (definition === undefined) throw new Error(`no option sets the field ${field}`);
	return definition.name;
}
