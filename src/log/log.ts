import type { Redactor } from '../text/redact.ts';
import { toLogLine, toSafeJson } from '../text/visible-text.ts';
import { commandLogStyle, type LogStyle } from './log-style.ts';

/** The streams of the program: stdout is the result, stderr is everything else. */
export type Terminal = Readonly<{ writeOut(text: string): void; writeErr(text: string): void }>;

export type LogOptions = Readonly<{
	style: LogStyle;
	/** Print details. */
	isVerbose: boolean;
	/** Keep stdout for one JSON object, the result. Everything else goes to stderr. */
	isJson: boolean;
}>;

const defaults: LogOptions = { style: commandLogStyle, isVerbose: false, isJson: false };

/** Writes to the terminal. Every line is redacted, then made visible, then truncated. */
export class Log {
	readonly isJson: boolean;
	readonly #terminal: Terminal;
	readonly #redactor: Redactor;
	readonly #style: LogStyle;
	readonly #isVerbose: boolean;

	constructor(terminal: Terminal, redactor: Redactor, options: Partial<LogOptions> = {}) {
		const { style, isVerbose, isJson } = { ...defaults, ...options };
		this.isJson = isJson;
		this.#terminal = terminal;
		this.#redactor = redactor;
		this.#style = style;
		this.#isVerbose = isVerbose;
	}

	/** Prints that a deployment is recorded, in one line. */
	success(line: string): void {
		this.#writeResult(line, this.#style.success);
	}

	/** Prints any other result of the command, in one line. */
	result(line: string): void {
		this.#writeResult(line, this.#style.result);
	}

	/** Prints a text that the user asked for, such as the help, on stdout in every format. */
	print(line: string): void {
		this.#terminal.writeOut(`${this.#clean(line)}\n`);
	}

	/** Prints the result as JSON on stdout. */
	resultJson(value: unknown): void {
		this.#terminal.writeOut(`${this.#redactor.redact(toSafeJson(value))}\n`);
	}

	/** Prints JSON that the user should keep, beside the result, in one line without a limit. */
	noticeJson(value: unknown): void {
		this.#writeBeside(`${this.#redactor.redact(toSafeJson(value, 0))}\n`);
	}

	/** Prints a remedy or a doubt. Each line of the text becomes one line of the log. */
	notice(text: string): void {
		this.#writeLines(text, this.#style.notice);
	}

	/** Prints an error. Each line of the text becomes one line of the log. */
	failure(text: string): void {
		this.#writeLines(text, this.#style.failure);
	}

	/** Prints a step if the user asked for details with ALERT24_VERBOSE. */
	detail(text: string): void {
		if (this.#isVerbose) this.#writeLines(text, this.#style.detail);
	}

	#writeResult(line: string, style: (line: string) => string): void {
		if (this.isJson) this.#writeBeside(`${this.#style.notice(this.#clean(line))}\n`);
		else this.#terminal.writeOut(`${style(this.#clean(line))}\n`);
	}

	#writeLines(text: string, style: (line: string) => string): void {
		for (const line of text.split('\n')) this.#writeBeside(`${style(this.#clean(line))}\n`);
	}

	#writeBeside(text: string): void {
		if (this.#style.isAllOnStdout && !this.isJson) this.#terminal.writeOut(text);
		else this.#terminal.writeErr(text);
	}

	#clean(line: string): string {
		return toLogLine(this.#redactor.redact(line));
	}
}
