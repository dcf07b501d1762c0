import type { Redactor } from '../text/redact.ts';
import { toLogLine, toSafeJson } from '../text/visible-text.ts';
import { commandLogStyle, type LogStyle } from './log-style.ts';

/** Where the program writes: stdout is the result, stderr is everything else. */
export type Terminal = Readonly<{ writeOut(text: string): void; writeErr(text: string): void }>;

/** The one way to the terminal: every line is redacted, visible and bounded. */
export class Log {
	isVerbose = false;
	/** Whether stdout is for one JSON object, by `summary`, and everything else goes to stderr. */
	isJson = false;
	readonly #terminal: Terminal;
	readonly #redactor: Redactor;
	readonly #style: LogStyle;

	constructor(terminal: Terminal, redactor: Redactor, style: LogStyle = commandLogStyle) {
		this.#terminal = terminal;
		this.#redactor = redactor;
		this.#style = style;
	}

	/** A deployment that is recorded, one line. */
	success(line: string): void {
		if (this.isJson) this.#writeBeside(`${this.#style.notice(this.#clean(line))}\n`);
		else this.#terminal.writeOut(`${this.#style.success(this.#clean(line))}\n`);
	}

	/** What else the command was called for, one line. */
	result(line: string): void {
		if (this.isJson) this.#writeBeside(`${this.#style.notice(this.#clean(line))}\n`);
		else this.#terminal.writeOut(`${this.#style.result(this.#clean(line))}\n`);
	}

	/** A text that was asked for by itself, such as the help: on stdout whatever the format. */
	print(line: string): void {
		this.#terminal.writeOut(`${this.#clean(line)}\n`);
	}

	/** What the command was called for, as JSON. */
	resultJson(value: unknown): void {
		this.#terminal.writeOut(`${this.#redactor.redact(toSafeJson(value))}\n`);
	}

	/** The whole result for a program to read: printed where JSON was asked for. */
	summary(value: unknown): void {
		if (this.isJson) this.resultJson(value);
	}

	/** JSON that the user should keep: beside the result, unbounded. */
	noticeJson(value: unknown): void {
		this.#writeBeside(`${this.#redactor.redact(toSafeJson(value))}\n`);
	}

	/** What the user should know: a remedy, a doubt. One line of the text is one line of the log. */
	notice(text: string): void {
		this.#writeLines(text, this.#style.notice);
	}

	/** What was called for and did not come to pass. */
	failure(text: string): void {
		this.#writeLines(text, this.#style.failure);
	}

	/** A step, for those who asked for it by ALERT24_VERBOSE. */
	detail(text: string): void {
		if (this.isVerbose) this.#writeLines(text, this.#style.detail);
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
