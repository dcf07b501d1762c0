import type { Redactor } from './redact.ts';
import { toLogLine, toSafeJson } from './visible-text.ts';

/** Where the program writes: stdout is the result, stderr is everything else. */
export type Terminal = Readonly<{ writeOut(text: string): void; writeErr(text: string): void }>;

/** The one way to the terminal: every line is redacted, visible and bounded. */
export class Log {
	isVerbose = false;
	/** Whether stdout is for one JSON object, by `summary`, and everything else goes to stderr. */
	isJson = false;
	readonly #terminal: Terminal;
	readonly #redactor: Redactor;

	constructor(terminal: Terminal, redactor: Redactor) {
		this.#terminal = terminal;
		this.#redactor = redactor;
	}

	/** What the command was called for, one line. */
	result(line: string): void {
		if (this.isJson) this.notice(line);
		else this.#terminal.writeOut(`${this.#clean(line)}\n`);
	}

	/** What the command was called for, as JSON. */
	resultJson(value: unknown): void {
		this.#terminal.writeOut(`${this.#redactor.redact(toSafeJson(value))}\n`);
	}

	/** The whole result for a program to read: printed where JSON was asked for. */
	summary(value: unknown): void {
		if (this.isJson) this.resultJson(value);
	}

	/** JSON that the user should keep: on stderr, unbounded. */
	noticeJson(value: unknown): void {
		this.#terminal.writeErr(`${this.#redactor.redact(toSafeJson(value))}\n`);
	}

	/** What the user should know: a problem, a remedy. One line of the text is one line of the log. */
	notice(text: string): void {
		for (const line of text.split('\n')) this.#terminal.writeErr(`alert24-notify: ${this.#clean(line)}\n`);
	}

	/** A step, for those who asked for it by ALERT24_VERBOSE. */
	detail(text: string): void {
		if (this.isVerbose) this.notice(text);
	}

	#clean(line: string): string {
		return toLogLine(this.#redactor.redact(line));
	}
}
