import { optionDefinitions } from '../settings/options.ts';
import { findSimilar } from '../text/find-similar.ts';

const seeHelp = 'see alert24-notify --help';

/** The missing argument of each command that needs one. */
const neededArguments: Readonly<Record<string, string>> = {
	replay: 'the folder or file of the undelivered changes, or - for standard input',
	validate: 'a JSON file, or - for standard input',
	explain: 'a JSON file with an event, or - for standard input',
	outbox: 'list, retry or export',
};

/** Returns a message of yargs in the words of the user: the argument as it was typed, and the one that was meant. */
export function explainMistake(message: string, argv: readonly string[], commands: readonly string[]): string {
	const [, unknown] = /^Unknown (?:arguments?|commands?): (.*)$/.exec(message) ?? [];
	if (unknown !== undefined) {
		const names = unknown.split(', ').filter((name, index, all) => all.indexOf(name) === index);
		return `${names.map((name) => explainUnknown(name, argv, commands)).join('\n')} (${seeHelp})`;
	}
	const [, option] = /^Not enough arguments following: (.*)$/.exec(message) ?? [];
	if (option !== undefined) return `--${option} needs a value (${seeHelp})`;
	if (message.startsWith('Not enough non-option arguments')) {
		const command = argv.find((word) => commands.includes(word)) ?? '';
		return `${command} needs ${neededArguments[command] ?? 'an argument'} (see alert24-notify ${command} --help)`;
	}
	return `${message} (${seeHelp})`;
}

function explainUnknown(name: string, argv: readonly string[], commands: readonly string[]): string {
	const isOption = argv.some((word) => word === `--${name}` || word.startsWith(`--${name}=`) || word === `-${name}`);
	const candidates = isOption ? optionDefinitions.map((option) => option.name) : commands;
	const meant = findSimilar(name, candidates);
	const dashes = isOption ? (name.length > 1 ? '--' : '-') : '';
	const suggestion = meant === undefined || meant === name ? '' : `; did you mean ${isOption ? '--' : ''}${meant}?`;
	return `unknown ${isOption ? 'option' : 'argument'} ${dashes}${name}${suggestion}`;
}
