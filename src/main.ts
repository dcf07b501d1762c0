import { run } from './cli.ts';

// A job that is canceled gets SIGTERM: what is under way is ended, told and kept.
const interruption = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, () => interruption.abort());
interruption.signal.addEventListener('abort', () => process.stdin.destroy());

// Nobody is left to read: that is no reason to fail.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

async function readStdin(): Promise<Uint8Array> {
	const chunks: Uint8Array[] = [];
	try {
		for await (const chunk of process.stdin) chunks.push(chunk);
	} catch {
		// Interrupted: what has come is all there is.
	}
	return Buffer.concat(chunks);
}

void run(process.argv.slice(2), {
	variables: process.env,
	terminal: {
		writeOut: (text) => void process.stdout.write(text),
		writeErr: (text) => void process.stderr.write(text),
	},
	signal: interruption.signal,
	readStdin,
}).then((exitCode) => {
	process.exitCode = exitCode;
	// The look-up of a host name cannot be broken off, and Node waits for it even in process.exit(). A new program in its place does not.
	if (process.getActiveResourcesInfo().includes('GetAddrInfoReqWrap')) {
		process.execve?.(process.execPath, [process.execPath, '-e', `process.exitCode=${exitCode}`], {});
	}
});
