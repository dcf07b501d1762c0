import { isBitbucketPipe, spellPipeVariable } from '../commands/bitbucket-pipe.ts';
import type { Environment } from '../environment.ts';
import { trimBlanks } from '../text/trim-text.ts';
import { quote } from '../text/visible-text.ts';
import { readFlag } from './flag.ts';
import { type GivenOptions, type OptionDefinition, type OptionName, optionDefinitions, variableOf } from './options.ts';

/** The commands that have settings. */
export type Command = 'record' | 'replay';

/** Reads single settings, options before variables, and collects what is wrong with them. */
export class SettingReader {
	/** One sentence a mistake: the setting as the user spelled it, the rule, the value. */
	readonly problems: string[] = [];
	readonly #environment: Environment;
	readonly #options: GivenOptions;
	readonly #command: Command;

	constructor(environment: Environment, options: GivenOptions, command: Command) {
		this.#environment = environment;
		this.#options = options;
		this.#command = command;
	}

	/** Undefined also for a setting that the command does not have. */
	text(name: OptionName): string | undefined {
		const definition: OptionDefinition | undefined = optionDefinitions.find((option) => option.name === name);
		if (this.#command === 'replay' && !definition?.isForReplay) return undefined;
		return this.#options[name] || this.#environment[variableOf(name)];
	}

	/** The items between commas, trimmed, each once. */
	list(name: OptionName): string[] {
		const items = (this.text(name) ?? '').split(',').map(trimBlanks);
		return [...new Set(items.filter((item) => item !== ''))];
	}

	flag(name: OptionName): boolean {
		const flag = readFlag(this.text(name) ?? 'false');
		if (flag === undefined) this.reject(name, 'must be true or false');
		return flag ?? false;
	}

	choice<Choice extends string>(name: OptionName, choices: readonly Choice[]): Choice | undefined {
		const value = this.text(name);
		const choice = choices.find((known) => known === value);
		if (value !== undefined && choice === undefined) this.reject(name, `must be one of ${choices.join(', ')}`);
		return choice;
	}

	/** Refuses a value that is nothing but `$NAME`: it would be recorded as it stands, because no such variable was defined. */
	rejectReference(name: OptionName, value: string | undefined): void {
		if (value !== undefined && /^\$(\w+|\{\w+\})$/.test(value)) {
			this.problems.push(`${this.spell(name)} is ${quote(value)}: a variable that is not defined in this job`);
		}
	}

	reject(name: OptionName, rule: string): void {
		this.problems.push(`${this.spell(name)} ${rule}; got ${quote(this.text(name))}`);
	}

	/** The setting in the spelling that the user chose. */
	spell(name: OptionName): string {
		if (this.#options[name]) return `--${name}`;
		const variable = variableOf(name);
		return isBitbucketPipe(this.#environment) ? spellPipeVariable(this.#environment, variable) : variable;
	}
}
