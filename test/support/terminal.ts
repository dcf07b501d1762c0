/** A terminal in memory, for a program that runs in this process. */
export type RecordingTerminal = {
	readonly writeOut: (text: string) => void;
	readonly writeErr: (text: string) => void;
	/** The text written to each stream so far. */
	readonly stdout: string;
	readonly stderr: string;
};

export function createTerminal(): RecordingTerminal {
	let stdout = '';
	let stderr = '';
	return {
		writeOut: (text) => {
			stdout += text;
		},
		writeErr: (text) => {
			stderr += text;
		},
		get stdout() {
			return stdout;
		},
		get stderr() {
			return stderr;
		},
	};
}
