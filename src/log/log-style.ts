type LineStyle = (line: string) => string;

/** The look of each kind of line, and the stream for lines that are not a result. */
export type LogStyle = Readonly<{
	/** A deployment is recorded. */
	success: LineStyle;
	/** Any other result: a check, a help text, the reason why nothing is recorded. */
	result: LineStyle;
	failure: LineStyle;
	notice: LineStyle;
	detail: LineStyle;
	/** False: lines that are not a result go to stderr. */
	isAllOnStdout: boolean;
}>;

const unchanged: LineStyle = (line) => line;
const withName: LineStyle = (line) => `alert24-notify: ${line}`;

/** The style of the command: results on stdout, everything else on stderr with the command's name. */
export const commandLogStyle: LogStyle = {
	success: unchanged,
	result: unchanged,
	failure: withName,
	notice: withName,
	detail: withName,
	isAllOnStdout: false,
};
