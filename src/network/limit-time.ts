/**
 * A signal that is given after so long. On a machine that is too busy, the answer may be there already when the process at last gets its turn:
 * what waits to be read is read first.
 */
export function limitTime(ms: number): { signal: AbortSignal; clear(): void } {
	const limit = new AbortController();
	const timer = setTimeout(() => setImmediate(() => setImmediate(() => limit.abort())), ms);
	return { signal: limit.signal, clear: () => clearTimeout(timer) };
}
