import { readFileSync } from 'node:fs';
import { changeSchema } from '../src/change/change-schema.ts';
import { outcomes } from '../src/change/deployment.ts';
import { rollbackPrefix, summaryPrefixes, summaryVerbs } from '../src/change/describe-deployment.ts';
import { gitlab } from '../src/ci/gitlab.ts';
import { variablePatterns } from '../src/ci/predefined-variables.ts';
import {
	describeMissingApiKey,
	describeMissingEnvironment,
	describeStoppedEnvironment,
	describeUnknownOutcome,
	describeUnrecordedOutcome,
} from '../src/report/messages.ts';
import { optionDefinitions, variableOf } from '../src/settings/options.ts';
import { defaultApiUrl } from '../src/settings/read-api-url.ts';
import { version } from '../src/version.ts';

const folder = new URL('../src/hook/', import.meta.url);
const { properties } = changeSchema;
const remedies = {
	300: 'a redirect, which is not followed: ALERT24_API_URL must be the final address',
	401: 'check ALERT24_API_KEY: it may be mistyped, expired or revoked',
	403: 'the key needs the scope write',
	404: 'check ALERT24_SERVICE_ID, that the key belongs to the same organization, and ALERT24_API_URL',
};
// The reasons of the hook's clients.
const noClient = 'the image has neither curl nor a wget that is safe for the API key: add curl to the image';
const untrusted =
	"the server's certificate is not trusted: a private CA can be named by NODE_EXTRA_CA_CERTS or SSL_CERT_FILE";
const lost = 'NOT RECORDED: the deployment: ';

/**
 * Returns the component `hook`: its header and hidden job with the programs of src/hook. Each `@name@` in them stands
 * for a value that the command uses too. Throws if a program contains `$[[`, which GitLab would replace.
 */
export function buildHookTemplate(): string {
	const programs = quoteAwk('build') + quoteAwk('read');
	if (programs.includes('$[[')) throw new Error('an awk program of src/hook contains $[[, which GitLab replaces');
	const script = dropComments(read('hook.sh').replace('@programs@\n', () => programs));
	return fill(read('hook.yml').replace(/^( *)@script@\n/m, (_, indent) => script.replace(/^(?=.)/gm, indent)));
}

function quoteAwk(name: string): string {
	const source = read(`${name}.awk`).replaceAll("'", `'\\''`);
	return `a24_${name}='\n${source}'\n`;
}

// A job carries the script alone.
function dropComments(program: string): string {
	return program.replace(/^\t*#.*\n| # [A-Za-z][^'"$\n]*$/gm, '');
}

function fill(text: string): string {
	const values: Record<string, string> = {
		version,
		change_types: properties.change_type.enum.join(', '),
		risk_levels: properties.risk_level.enum.join(', '),
		settings: listSettings().join(' '),
		no_client: noClient,
		invalid_url: `ALERT24_API_URL must be a URL such as ${defaultApiUrl}`,
		missing_key: oneLine(
			describeMissingApiKey(gitlab.apiKeyAdvice).replace(' (component input environment_scope)', ''),
		).replaceAll("'", `'\\''`),
	};
	const lines: Record<string, string[]> = {
		shared_values: listSharedValues(),
		remedies: [
			...Object.entries(remedies).map(([status, remedy]) => assign(`remedy[${status}]`, remedy)),
			assign('untrusted', untrusted),
		],
	};
	return text
		.replace(/^( *\t*)@(\w+)@\n/gm, (line, indent, name) =>
			(lines[name] ?? [line.trim()]).map((value) => `${indent}${value}\n`).join(''),
		)
		.replace(/@(\w+)@/g, (placeholder, name) => values[name] ?? placeholder);
}

function listSettings(): string[] {
	const program = `${read('hook.sh')}${read('build.awk')}`;
	const names = optionDefinitions.map(({ name }) => variableOf(name).replace('ALERT24_', ''));
	return ['API_KEY', 'API_KEY_FILE', ...names.filter((name) => new RegExp(`\\bALERT24_${name}\\b`).test(program))];
}

/** Returns the assignments of awk that the placeholder `@shared_values@` stands for. */
function listSharedValues(): string[] {
	const fields = [
		'summary',
		'description',
		'commit_message',
		'branch',
		'environment',
		'changed_by',
		'pipeline_url',
	] as const;
	const limits = new Map<string, number>([['limit["tags"]', properties.tags.items.maxLength]]);
	for (const field of fields) limits.set(`limit["${field}"]`, properties[field].maxLength);
	const values: Record<string, string> = {};
	const [unrecorded = '', advice = ''] = describeUnrecordedOutcome('failed', gitlab.recordFailuresAdvice).split(
		/(?<=deployment )failed(?=;)/,
	);
	for (const outcome of outcomes) {
		const verbs = [summaryVerbs.deployment[outcome], summaryVerbs.rollback[outcome]];
		const word = describeUnrecordedOutcome(outcome, gitlab.recordFailuresAdvice).slice(
			unrecorded.length,
			-advice.length,
		);
		values[`words_of["${outcome}"]`] = [...verbs, summaryPrefixes[outcome], word].join('|');
	}
	const { predefined, secret, harmless, urlWithPassword } = variablePatterns;
	const unknownOutcome = describeUnknownOutcome({ variable: 'CI_JOB_STATUS', unknownStatus: '@' });
	[values['unknown_outcome'], values['unknown_outcome_end']] = split(`${lost}${unknownOutcome}`);
	[values['stops'], values['stops_end']] = split(describeStoppedEnvironment('@'));
	values['no_environment'] = `${lost}${describeMissingEnvironment(gitlab.environmentAdvice)}`;
	Object.assign(values, { unrecorded, unrecorded_end: advice, rollback_prefix: rollbackPrefix });
	Object.assign(values, { predefined, secret_name: secret, harmless });
	values['password_url'] = urlWithPassword;
	const byLimit = Map.groupBy(limits, ([, limit]) => limit);
	return [
		...Array.from(byLimit, ([limit, fields]) => `${fields.map(([name]) => name).join(' = ')} = ${limit}`),
		...Object.entries(values).map(([name, value]) => assign(name, value)),
	];
}

function assign(name: string, value: string): string {
	return `${name} = ${JSON.stringify(value).replaceAll("'", `'\\''`)}`;
}

// The texts before and behind a quoted value.
function split(text: string): [string, string] {
	const [start = '', end = ''] = text.split('"@"');
	return [start, end];
}

function oneLine(text: string): string {
	return text.replaceAll('\n', ' ');
}

function read(name: string): string {
	return readFileSync(new URL(name, folder), 'utf8');
}
