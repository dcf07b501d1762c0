type LineStyle = (line: string) => string;

/** How each kind of line looks, and whether stderr is used. */
export type LogStyle = Readonly<{
	/** A deployment is recorded. */
	success: LineStyle;
	/** Something else that the command was called for: a check, a help text, why nothing is recorded. */
	result: LineStyle;
	failure: LineStyle;
	notice: LineStyle;
	detail: LineStyle;
	isAllOnStdout: boolean;
}>;

const asItIs: LineStyle = (line) => line;
const withName: LineStyle = (line) => `alert24-notify: ${line}`;

/** The style of a command: stdout holds what it was called for, stderr the rest, under its name. */
export const commandLogStyle: LogStyle = {
	success: asItIs,
	result: asItIs,
	failure: withName,
	notice: withName,
	detail: withName,
	isAllOnStdout: false,
};
