import type { ErrorObject } from 'ajv';
import { parseDocument } from 'yaml';
import { quote } from '../text/visible-text.ts';
import { isRulesFile } from './compile-rules-schema.ts';
import type { EventNames } from './reported-event.ts';
import type { RuleDefinition, RulesFile } from './rules-schema.ts';

/** A rule that can be matched. */
export type Rule = Readonly<{
	/** Its place in the file, from 1. */
	number: number;
	definition: RuleDefinition;
	serviceIds: readonly string[];
	shouldRecordFailures: boolean;
}>;

export type Rules = Readonly<{ file: RulesFile; rules: readonly Rule[] }>;

/** The rule that an event matches, with the environment to record; or the reason why none applies. */
export type Match =
	| Readonly<{ kind: 'rule'; rule: Rule; environment: string }>
	| Readonly<{ kind: 'ignored'; reason: string }>
	| Readonly<{ kind: 'unmatched'; reason: string }>;

type Patterns = string | readonly string[] | undefined;

/** Parses a rules file. Returns every mistake, with its path in the file, if there is one. */
export function readRules(text: string): { rules: Rules } | { problems: string[] } {
	const document = parseDocument(text, { version: '1.2', uniqueKeys: true });
	if (document.errors.length > 0) {
		return {
			problems: document.errors.map(({ message }) => `not valid YAML: ${message.split('\n')[0]?.replace(/:$/, '')}`),
		};
	}
	let content: unknown;
	try {
		content = document.toJS({ maxAliasCount: 100 });
	} catch {
		return { problems: ['not valid YAML: too many aliases'] };
	}
	if (!isRulesFile(content)) return { problems: describeErrors(isRulesFile.errors ?? []) };
	const { record_failures: shouldRecordFailures = false } = content;
	const rules = content.rules.map((definition, index) => ({
		number: index + 1,
		definition,
		serviceIds: toList(definition.service_id),
		shouldRecordFailures: definition.record_failures ?? shouldRecordFailures,
	}));
	const problems = rules.flatMap(({ definition }, index) => findContradictions(definition, index));
	return problems.length > 0 ? { problems } : { rules: { file: content, rules } };
}

/** Finds the first rule that applies to the names of an event. */
export function matchRules(names: EventNames, { file, rules }: Rules): Match {
	const ignored = (file.ignore ?? []).findIndex((matcher) => matchesNames(matcher, names, false));
	if (ignored >= 0) return { kind: 'ignored', reason: `ignore[${ignored}] of the rules matches` };
	for (const rule of rules) {
		const { definition } = rule;
		if (!matchesNames(definition, names, true)) continue;
		const environment = names.environment ?? definition.environment;
		if (typeof environment !== 'string' || !canApply(definition, names)) continue;
		return { kind: 'rule', rule, environment };
	}
	return { kind: 'unmatched', reason: describeUnmatched(names) };
}

// A Bitbucket event does not name its environment. A rule applies to it only if the rule names one, and selects what
// deploys there.
function canApply({ branch, tag, status }: RuleDefinition, names: EventNames): boolean {
	if (names.environment !== undefined) return true;
	if (names.statuses.length > 0) return status !== undefined;
	return status === undefined && (branch !== undefined || tag !== undefined);
}

type Matcher = Pick<RuleDefinition, 'environment' | 'branch' | 'tag' | 'status'> & {
	project?: RuleDefinition['project'];
};

// An event without an environment takes that of its rule, and is never ignored because of one.
function matchesNames(matcher: Matcher, names: EventNames, isRule: boolean): boolean {
	const { project, environment, branch, tag, status } = matcher;
	return (
		(project === undefined || matchesOne(project, [names.project])) &&
		(environment === undefined ||
			(isRule && names.environment === undefined) ||
			matchesOne(environment, [names.environment])) &&
		(branch === undefined || matchesOne(branch, [names.branch])) &&
		(tag === undefined || matchesOne(tag, [names.tag])) &&
		(status === undefined || matchesOne(status, names.statuses))
	);
}

function matchesOne(patterns: Patterns, names: readonly (string | undefined)[]): boolean {
	const present = names.filter((name) => name !== undefined);
	return toList(patterns).some((pattern) => present.some((name) => matchesGlob(pattern, name)));
}

/** Returns true if a name matches a pattern: `*` stands for any text without `/`, `**` for any text. */
export function matchesGlob(pattern: string, name: string): boolean {
	// Positions in the name that the pattern matches up to. It takes pattern × name steps at most, whatever they are.
	let ends = new Set([0]);
	for (const part of pattern.match(/\*+|[^*]+/g) ?? []) {
		const next = new Set<number>();
		if (part.startsWith('*')) {
			const first = Math.min(...ends);
			if (part.length > 1 && ends.size > 0) for (let end = first; end <= name.length; end += 1) next.add(end);
			else for (const end of ends) extendSegment(name, end, next);
		} else for (const end of ends) if (name.startsWith(part, end)) next.add(end + part.length);
		ends = next;
	}
	return ends.has(name.length);
}

function extendSegment(name: string, start: number, ends: Set<number>): void {
	for (let end = start; !ends.has(end); end += 1) {
		ends.add(end);
		if (end >= name.length || name[end] === '/') return;
	}
}

function toList(value: Patterns): readonly string[] {
	if (value === undefined) return [];
	return typeof value === 'string' ? [value] : value;
}

function findContradictions({ environment, status, branch, tag }: RuleDefinition, index: number): string[] {
	const path = `rules[${index}]`;
	if (status !== undefined && (typeof environment !== 'string' || environment.includes('*'))) {
		return [`${path}.environment must be one name without * because of status: a commit status does not name it`];
	}
	if (branch !== undefined && tag !== undefined) {
		return [`${path} has branch and tag: no event has both; make two rules`];
	}
	return [];
}

function describeUnmatched(names: EventNames): string {
	const facts = [
		`project ${quote(names.project)}`,
		names.environment === undefined ? undefined : `environment ${quote(names.environment)}`,
		names.branch === undefined ? undefined : `branch ${quote(names.branch)}`,
		names.tag === undefined || names.tag === names.branch ? undefined : `tag ${quote(names.tag)}`,
		...names.statuses.map((status) => `status ${quote(status)}`),
	].filter((fact) => fact !== undefined);
	const hint =
		names.environment === undefined
			? '; a rule for Bitbucket must name one environment, and a branch, tag or status'
			: '';
	return `no rule matches ${facts.join(', ')}${hint}`;
}

function describeErrors(errors: readonly ErrorObject[]): string[] {
	// For `anyOf`, the errors of each branch are reported too; the sentence about the whole value is enough.
	const unions = errors.filter(({ keyword }) => keyword === 'anyOf').map(({ instancePath }) => instancePath);
	const single = errors.filter(
		({ keyword, instancePath }) => keyword === 'anyOf' || !unions.some((path) => instancePath.startsWith(path)),
	);
	return [...new Set(single.map(describeError))];
}

function describeError({ instancePath, keyword, params, data, message }: ErrorObject): string {
	const path =
		instancePath
			.slice(1)
			.replace(/\/(\d+)/g, '[$1]')
			.replaceAll('/', '.') || 'the file';
	switch (keyword) {
		case 'required':
			return `${path} lacks ${params['missingProperty']}`;
		case 'additionalProperties':
			return `${path} has an unknown key ${quote(params['additionalProperty'])}`;
		case 'enum':
			return `${path} must be one of ${params['allowedValues'].join(', ')}; got ${quote(data)}`;
		case 'type':
			return `${path} must be ${params['type'] === 'object' ? 'a mapping' : params['type'] === 'array' ? 'a list' : `a ${params['type']}`}; got ${quote(data)}`;
		case 'anyOf':
			return `${path} must be a text, or a list of texts, each neither empty nor too long${path.endsWith('service_id') ? ', without spaces and slashes' : ''}; got ${quote(data)}`;
		default:
			return `${path} ${message}; got ${quote(data)}`;
	}
}
