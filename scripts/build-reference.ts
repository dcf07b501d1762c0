import { readdirSync, readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import { changeSchema } from '../src/change/change-schema.ts';
import { exitCodes } from '../src/exit-codes.ts';
import { type OptionDefinition, optionDefinitions, variableOf } from '../src/settings/options.ts';

type Input = Readonly<{ description: string; default?: unknown; type?: string; options?: readonly unknown[] }>;

/** Returns docs/reference.md, built from the templates, the options and the schema of this project. */
export function buildReference(): string {
	return `${[
		'# Reference',
		'<!-- `npm run docs` writes this page. Change the templates, src/settings/options.ts or src/change/change-schema.ts instead. -->',
		'## Inputs of the components',
		...readdirSync('templates').sort().map(describeTemplate),
		'## Variables and options',
		[
			'Each setting is a variable and an option of the command. An option overrides a variable, and a variable overrides',
			"the CI's own value. An empty value counts as absent. The last column lists the commands that have the setting.",
		].join('\n'),
		buildTable(
			['Variable', 'Option', 'Meaning', 'Default', 'Commands'],
			[...keyRows, ...(optionDefinitions as readonly OptionDefinition[]).flatMap(describeOption)],
		),
		'## Exit codes',
		buildTable(['Code', 'Meaning'], describeExitCodes()),
		'If a command handles several changes, it exits with the highest code.',
		'## JSON result',
		[
			'`--output json` (`ALERT24_OUTPUT=json`) prints one object with these fields on stdout. An unknown fact is absent.',
		].join('\n'),
		buildTable(['Field', 'Meaning', 'Values'], describeResult('Result')),
		'Each entry of `services`:',
		buildTable(['Field', 'Meaning', 'Values'], describeResult('ServiceResult')),
		'## Variables for later jobs',
		[
			'The file of `ALERT24_DOTENV_FILE` (input `dotenv`) and, on Bitbucket, the output variables of the step contain these.',
			'With several services, each variable except the first is a list in their order, separated by commas. An absent fact',
			'leaves its place empty: `,chg_2` if the first of two services failed. A variable is absent if it has no value, or if the',
			'file would exceed the 5 KiB that GitLab accepts.',
		].join('\n'),
		buildTable(['Variable', 'Meaning'], describeReportVariables()),
		'## Fields of a change',
		[
			"A change has Alert24's 16 fields and no others. `alert24-notify schema` prints the JSON Schema. Alert24 does not",
			'document lengths: these limits are this program’s own, in characters.',
		].join('\n'),
		buildTable(['Field', 'Meaning', 'Limit'], Object.entries(changeSchema.properties).map(describeField)),
	].join('\n\n')}\n`;
}

const keyRows = [
	[
		'`ALERT24_API_KEY`',
		'none',
		'API key with write scope, or the path of a file that contains it',
		'**required**, except for a dry run of record and replay',
		'record, replay, check, sync',
	],
	['`ALERT24_API_KEY_FILE`', 'none', 'Path of a file that contains the API key', 'none', 'record, replay, check, sync'],
];

function describeTemplate(file: string): string {
	const [header] = parseAllDocuments(readFileSync(`templates/${file}`, 'utf8'), { version: '1.1' }).map((document) =>
		document.toJS(),
	);
	const inputs: Record<string, Input> = header.spec.inputs;
	const rows = Object.entries(inputs).map(([name, input]) => [
		`\`${name}\``,
		input.description,
		describeDefault(input.default),
		input.options === undefined ? (input.type ?? 'string') : input.options.map(describeChoice).join(', '),
	]);
	return `### ${file.replace('.yml', '')}\n\n${buildTable(['Input', 'Meaning', 'Default', 'Values'], rows)}`;
}

function describeDefault(value: unknown): string {
	if (value === undefined) return '**required**';
	return value === '' ? 'empty' : `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
}

function describeChoice(value: unknown): string {
	return value === '' ? 'empty' : `\`${value}\``;
}

function describeOption(option: OptionDefinition): string[][] {
	const { inSync, commands } = option;
	if (inSync === undefined) return [describeOptionOf(commands, option)];
	const others = commands.filter((command) => command !== 'sync');
	return [describeOptionOf(others, option), describeOptionOf(['sync'], { ...option, ...inSync })];
}

function describeOptionOf(commands: readonly string[], option: OptionDefinition): string[] {
	const { name, description, default: preset = 'none' } = option;
	return [`\`${variableOf(name as never)}\``, `\`--${name}\``, description, preset, commands.join(', ')];
}

function describeExitCodes(): string[][] {
	const comments = readFileSync('src/exit-codes.ts', 'utf8').matchAll(/\/\*\* (.*)\. \*\/\n\t(\w+):/g);
	return Array.from(comments, ([, meaning = '', name = '']) => [
		String(exitCodes[name as keyof typeof exitCodes]),
		meaning,
	]);
}

// From the declarations: each property has a comment.
function describeResult(type: 'Result' | 'ServiceResult'): string[][] {
	const source = readFileSync('src/report/result.ts', 'utf8');
	const [, states = ''] = /^export type ChangeState = (.*);$/m.exec(source) ?? [];
	const [, body = ''] = new RegExp(`^export type ${type} = Readonly<\\{\\n(.*?)^\\}>;$`, 'ms').exec(source) ?? [];
	const fields = Array.from(
		body.matchAll(/\/\*\*\s([^/]*)\.\s+\*\/\n\t(\w+)\??:\s([^;]*);/g),
		([, comment = '', name = '', type = '']) => [`\`${name}\``, unwrap(comment), describeValues(type, states)],
	);
	if (fields.length !== body.match(/^\t\w+\??:/gm)?.length) throw new Error(`a property of ${type} has no comment`);
	return fields;
}

// The text of a doc comment of several lines.
function unwrap(comment: string): string {
	return comment
		.replace(/^\s*\* /gm, '')
		.trim()
		.replaceAll('\n', ' ');
}

function describeValues(type: string, states: string): string {
	const literals = type.replace('ChangeState', states).match(/'\w+'|\btrue\b/g) ?? [];
	if (literals.length > 0) return literals.map((literal) => `\`${literal.replaceAll("'", '')}\``).join(', ');
	if (type.endsWith('[]')) return 'list';
	return type === 'string' ? 'text' : 'number';
}

function describeReportVariables(): string[][] {
	const source = readFileSync('src/report/dotenv-report.ts', 'utf8');
	return Array.from(source.matchAll(/\/\*\*\s([^/]*)\.\s+\*\/\n\t\t(ALERT24_\w+):/g), ([, comment = '', name = '']) => [
		`\`${name}\``,
		unwrap(comment),
	]);
}

function describeField([name, property]: [string, object]): string[] {
	const {
		description = '',
		maxLength,
		enum: choices,
	} = property as {
		description?: string;
		maxLength?: number;
		enum?: readonly string[];
	};
	if (name === 'tags') {
		const { maxItems, items } = changeSchema.properties.tags;
		return ['`tags`', description, `${maxItems} tags of ${items.maxLength}`];
	}
	const limit =
		choices === undefined ? (maxLength?.toString() ?? '') : choices.map((choice) => `\`${choice}\``).join(', ');
	return [`\`${name}\``, description, limit];
}

function buildTable(heading: readonly string[], rows: readonly (readonly string[])[]): string {
	const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
	return [line(heading), line(heading.map(() => '---')), ...rows.map(line)].join('\n');
}
