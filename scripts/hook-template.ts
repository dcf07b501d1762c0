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
import { version } from '../src/version.ts';

const folder = new URL('../src/hook/', import.meta.url);
const { properties } = changeSchema;
const remedies = {
	300: 'a redirect, which is not followed: ALERT24_API_URL must be the final address',
	401: 'check ALERT24_API_KEY: it may be mistyped, expired or revoked',
	403: 'the key needs the scope write',
	404: 'check ALERT24_SERVICE_ID, that the key belongs to the same organization, and ALERT24_API_URL',
};
const lost = 'NOT RECORDED: the deployment: ';

/**
 * Returns the component `hook`: its header and hidden job with the programs of src/hook. Each `@name@` in them stands for
 * a value that the command uses too. Throws if a program contains `$[[`, which GitLab would replace.
 */
export function buildHookTemplate(): string {
	const program = dropComments(`${quoteAwk('build')}${quoteAwk('read')}${read('hook.sh')}`);
	if (program.includes('$[[')) throw new Error('a program of src/hook contains $[[, which GitLab replaces');
	return fill(read('hook.yml').replace(/^( *)@program@\n/m, (_, indent) => program.replace(/^(?=.)/gm, indent)));
}

function quoteAwk(name: string): string {
	const source = read(`${name}.awk`).replaceAll("'", `'\\''`);
	return `a24_${name}_awk='\n${source}'\n`;
}

// A job carries the script alone.
function dropComments(program: string): string {
	return program.replace(/^\t*#.*\n/gm, '');
}

function fill(text: string): string {
	const values: Record<string, string> = {
		version,
		change_types: properties.change_type.enum.join(', '),
		risk_levels: properties.risk_level.enum.join(', '),
		settings: listSettings().join(' '),
		missing_key: oneLine(describeMissingApiKey(gitlab.apiKeyAdvice)).replaceAll("'", `'\\''`),
	};
	const lines: Record<string, string[]> = {
		shared_values: listSharedValues(),
		remedies: Object.entries(remedies).map(([status, remedy]) => assign(`remedy[${status}]`, remedy)),
	};
	return text
		.replace(/^( *\t*)@(\w+)@\n/gm, (line, indent, name) =>
			(lines[name] ?? [line.trim()]).map((value) => `${indent}${value}\n`).join(''),
		)
		.replace(/@(\w+)@/g, (placeholder, name) => values[name] ?? placeholder);
}

function listSettings(): string[] {
	const names = optionDefinitions.filter(({ commands }) => (commands as readonly string[]).includes('record'));
	return ['API_KEY', 'API_KEY_FILE', ...names.map(({ name }) => variableOf(name).replace('ALERT24_', ''))];
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
	const values: Record<string, string | number> = { 'limit["tags"]': properties.tags.items.maxLength };
	for (const field of fields) values[`limit["${field}"]`] = properties[field].maxLength;
	for (const outcome of outcomes) {
		const verbs = [summaryVerbs.deployment[outcome], summaryVerbs.rollback[outcome]];
		const notice = outcome === 'success' ? '' : describeUnrecordedOutcome(outcome, gitlab.recordFailuresAdvice);
		values[`words_of["${outcome}"]`] = [...verbs, summaryPrefixes[outcome], notice].join('|');
	}
	const { predefined, secret, harmless, urlWithPassword } = variablePatterns;
	const unknownOutcome = describeUnknownOutcome({ variable: 'CI_JOB_STATUS', unknownStatus: '@' });
	[values['unknown_outcome'], values['unknown_outcome_end']] = split(`${lost}${unknownOutcome}`);
	[values['stops'], values['stops_end']] = split(describeStoppedEnvironment('@'));
	values['unknown_environment'] = `${lost}${describeMissingEnvironment(gitlab.environmentAdvice)}`;
	Object.assign(values, { rollback_prefix: rollbackPrefix, predefined_name: predefined, secret_name: secret });
	Object.assign(values, { harmless_name: harmless, url_with_password: urlWithPassword });
	return Object.entries(values).map(([name, value]) => assign(name, value));
}

function assign(name: string, value: string | number): string {
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
