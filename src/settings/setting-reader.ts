import type { Environment } from '../environment.ts';
import { trimBlanks } from '../text/trim-text.ts';
import { quote } from '../text/visible-text.ts';
import { readFlag } from './flag.ts';
import {
	type Command,
	type GivenOptions,
	type OptionDefinition,
	type OptionName,
	optionDefinitions,
	variableOf,
} from './options.ts';

/** The origin of settings: options, then variables. */
export type SettingSource = Readonly<{
	environment: Environment;
	options: GivenOptions;
	command: Command;
	/** Returns the name under which the user set a variable; a pipe has shorter names. */
	spellVariable(variable: string): string;
}>;

/** Reads single settings, options before variables, and collects the mistakes in them. */
export class SettingReader {
	/** One sentence for each mistake: the setting as the user spelled it, the rule, the value. */
	readonly problems: string[] = [];
	readonly #source: SettingSource;

	constructor(source: SettingSource) {
		this.#source = source;
	}

	/** Returns undefined also for a setting that the command does not have. `check` verifies those of all commands. */
	text(name: OptionName): string | undefined {
		const { command, options, environment } = this.#source;
		const definition: OptionDefinition | undefined = optionDefinitions.find((option) => option.name === name);
		if (command !== 'check' && !definition?.commands.includes(command)) return undefined;
		return options[name] || environment[variableOf(name)];
	}

	/** Returns the items between commas, trimmed, each once. */
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

	/** Rejects a value that is only `$NAME`: the variable is not defined, and the name would be recorded. */
	rejectReference(name: OptionName, value: string | undefined): void {
		if (value !== undefined && /^\$(\w+|\{\w+\})$/.test(value)) {
			this.problems.push(`${this.spell(name)} is ${quote(value)}: a variable that is not defined in this job`);
		}
	}

	reject(name: OptionName, rule: string): void {
		this.problems.push(`${this.spell(name)} ${rule}; got ${quote(this.text(name))}`);
	}

	/** Returns the setting in the spelling that the user chose. */
	spell(name: OptionName): string {
		const { options, spellVariable } = this.#source;
		return options[name] ? `--${name}` : spellVariable(variableOf(name));
	}
}
