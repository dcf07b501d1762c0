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
			[...keyRows, ...(optionDefinitions as readonly OptionDefinition[]).map(describeOption)],
		),
		'## Exit codes',
		buildTable(['Code', 'Meaning'], describeExitCodes()),
		'If a command handles several changes, it exits with the highest code.',
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
		'**required**, except for a dry run',
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

function describeOption({ name, description, default: preset, commands }: OptionDefinition): string[] {
	return [`\`${variableOf(name as never)}\``, `\`--${name}\``, description, preset ?? 'none', commands.join(', ')];
}

function describeExitCodes(): string[][] {
	const comments = readFileSync('src/exit-codes.ts', 'utf8').matchAll(/\/\*\* (.*)\. \*\/\n\t(\w+):/g);
	return Array.from(comments, ([, meaning = '', name = '']) => [
		String(exitCodes[name as keyof typeof exitCodes]),
		meaning,
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
