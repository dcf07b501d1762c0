import type { Change } from '../change/change-schema.ts';
import { findViolations } from '../change/validate-change.ts';
import { findPipeProblems } from '../commands/bitbucket-pipe.ts';
import { type DedupeMode, dedupeModes } from '../delivery/dedupe-mode.ts';
import type { Environment } from '../environment.ts';
import { readProxySettings } from '../network/proxy.ts';
import { type Outcome, outcomes } from '../outcome.ts';
import { type GivenOptions, type OptionName, optionDefinitions } from './options.ts';
import { readApiKey } from './read-api-key.ts';
import { readApiUrl } from './read-api-url.ts';
import { type Command, SettingReader } from './setting-reader.ts';

/** The fields of a change that the user may set; they are sent exactly as given. */
type HandSetFields = Readonly<
	Pick<Change, 'change_type' | 'risk_level' | 'summary' | 'description' | 'changed_by' | 'external_id' | 'source'>
>;

/** What options and variables decide. */
export type Settings = Readonly<{
	apiKey: string | undefined;
	environment: string | undefined;
	/** Empty: one change for the organization. */
	serviceIds: readonly string[];
	deployJob: string | undefined;
	status: Outcome | undefined;
	shouldRecordFailures: boolean;
	fields: Partial<HandSetFields>;
	tags: readonly string[];
	apiUrl: URL;
	/** The proxies on the way there, as Node's agents take them. */
	proxyEnv: Readonly<Record<string, string>>;
	budgetMs: number;
	dedupe: DedupeMode | undefined;
	undeliveredFile: string;
	output: 'text' | 'json';
	dotenvFile: string | undefined;
	isDryRun: boolean;
	isVerbose: boolean;
}>;

/** Settings with all that is wrong with them: what cannot be used at all, and what the schema refuses. */
export type ReadSettings = Readonly<{ settings: Settings; problems: string[]; violations: string[] }>;

// All that is recorded as it stands.
const recordedTexts = [
	'environment',
	'deploy-job',
	'summary',
	'description',
	'changed-by',
	'external-id',
	'source',
] as const;
const longestBudgetSeconds = 240;
const longestJobName = 255;

/** Reads every setting. One that has a mistake is reported, and is as if it were absent. */
export function readSettings(
	environment: Environment,
	options: GivenOptions,
	command: Command = 'record',
): ReadSettings {
	const reader = new SettingReader(environment, options, command);
	const apiUrl = readApiUrl(reader);
	const isDryRun = reader.flag('dry-run');
	const proxies = readProxySettings(environment, apiUrl);
	const settings: Settings = {
		apiKey: readApiKey(environment, reader.problems),
		environment: reader.text('environment'),
		serviceIds: reader.list('service-id'),
		deployJob: readDeployJob(reader),
		status: reader.choice('status', outcomes),
		shouldRecordFailures: reader.flag('record-failures'),
		fields: readFields(reader),
		tags: reader.list('tags'),
		apiUrl,
		proxyEnv: proxies.proxyEnv,
		budgetMs: readBudget(reader),
		dedupe: reader.choice('dedupe', dedupeModes),
		undeliveredFile: reader.text('undelivered-file') ?? 'alert24-undelivered.json',
		output: reader.choice('output', ['text', 'json']) ?? 'text',
		dotenvFile: reader.text('dotenv-file'),
		isDryRun,
		isVerbose: reader.flag('verbose'),
	};
	for (const name of recordedTexts) reader.rejectReference(name, reader.text(name));
	for (const name of ['service-id', 'tags'] as const) {
		for (const item of reader.list(name)) reader.rejectReference(name, item);
	}
	if (!isDryRun) reader.problems.push(...proxies.problems);
	reader.problems.push(...findPipeProblems(environment));
	return { settings, problems: reader.problems, violations: findViolationsByHand(settings, reader) };
}

function readFields(reader: SettingReader): Partial<HandSetFields> {
	const changeType = reader.text('change-type');
	const fields = {
		change_type: changeType === 'auto' ? undefined : changeType,
		risk_level: reader.text('risk-level'),
		summary: reader.text('summary'),
		description: reader.text('description'),
		changed_by: reader.text('changed-by'),
		external_id: reader.text('external-id'),
		source: reader.text('source'),
	};
	// Unchecked until `findViolationsByHand` has let the schema judge them.
	return Object.fromEntries(
		Object.entries(fields).filter(([, value]) => value !== undefined),
	) as Partial<HandSetFields>;
}

function readDeployJob(reader: SettingReader): string | undefined {
	const name = reader.text('deploy-job');
	if (name !== undefined && [...name].length > longestJobName) {
		reader.reject('deploy-job', `must have at most ${longestJobName} characters`);
	}
	return name;
}

function readBudget(reader: SettingReader): number {
	const text = reader.text('timeout') ?? '60';
	const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
	if (!(seconds >= 1 && seconds <= longestBudgetSeconds)) {
		reader.reject('timeout', `must be a number of seconds from 1 to ${longestBudgetSeconds}`);
	}
	return seconds * 1000;
}

// The schema's word on each value set by hand, with the setting that it came from.
function findViolationsByHand(settings: Settings, reader: SettingReader): string[] {
	const common = {
		...settings.fields,
		...(settings.environment !== undefined && { environment: settings.environment }),
	};
	const parts: object[] = [settings.tags.length > 0 ? { ...common, tags: settings.tags } : common];
	parts.push(...settings.serviceIds.map((id) => ({ service_id: id })));
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
