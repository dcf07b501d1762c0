import { run } from './cli.ts';

/** Runs the program with the arguments, variables, streams and signals of this process, and sets its exit code. */
export async function runProcess(): Promise<void> {
	// A canceled job gets SIGTERM: the program ends its requests, reports and keeps the changes.
	const interruption = new AbortController();
	for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, () => interruption.abort());
	interruption.signal.addEventListener('abort', () => process.stdin.destroy());

	// A closed pipe is fine. Any other write error on stdout fails the run.
	let isOutputLost = false;
	process.stderr.on('error', () => undefined);
	process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
		if (code === 'EPIPE') return;
		isOutputLost = true;
		process.exitCode ||= 1;
		process.stderr.write(`alert24-notify: the result could not be written (${code})\n`);
	});

	const exitCode = await run(process.argv.slice(2), {
		variables: process.env,
		terminal: {
			writeOut: (text) => void process.stdout.write(text),
			writeErr: (text) => void process.stderr.write(text),
		},
		signal: interruption.signal,
		readStdin,
	});
	process.exitCode = isOutputLost ? exitCode || 1 : exitCode;
	if (process.getActiveResourcesInfo().includes('GetAddrInfoReqWrap')) endAtOnce();
	limitLastWrite();
}

const longestLastWriteMs = 5_000;

// A reader that stops without closing its pipe must not hold the job. The timer does not delay the end if everything is
// written.
function limitLastWrite(): void {
	const timer = setTimeout(() => {
		if (process.stdout.writableLength > 0) process.exitCode ||= 1;
		endAtOnce();
	}, longestLastWriteMs);
	timer.unref();
}

// Not process.exit(), which waits for a pending DNS lookup: nothing can cancel it. A new program in the place of this
// one does not wait.
function endAtOnce(): void {
	process.execve?.(process.execPath, [process.execPath, '-e', `process.exitCode=${process.exitCode}`], {});
}

// More than any change to validate.
const longestInput = 16 * 1024 * 1024;

async function readStdin(): Promise<Uint8Array> {
	const chunks: Uint8Array[] = [];
	let length = 0;
	try {
		for await (const chunk of process.stdin) {
			chunks.push(chunk);
			length += chunk.length;
			if (length > longestInput) break;
		}
	} catch {
		// Interrupted: the input ends here.
	}
	return Buffer.concat(chunks);
}
