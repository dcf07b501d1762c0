import { closeSync, openSync, rmSync, statSync } from 'node:fs';

const patienceMs = 2_000;
const pauseMs = 20;
// Nobody holds a lock for so long: its owner was killed.
const oldestLockMs = 10_000;

/** Runs what reads and rewrites a file, while no other process does. Throws what node:fs throws, with EEXIST where the lock stays taken. */
export function withLockOn<Result>(path: string, rewrite: () => Result): Result {
	const lock = `${path}.lock`;
	closeSync(takeLock(lock));
	try {
		return rewrite();
	} finally {
		rmSync(lock, { force: true });
	}
}

function takeLock(lock: string): number {
	for (let waitedMs = 0; ; waitedMs += pauseMs) {
		try {
			return openSync(lock, 'wx', 0o600);
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || waitedMs >= patienceMs) throw error;
		}
		if (isAbandoned(lock)) rmSync(lock, { force: true });
		else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pauseMs);
	}
}

function isAbandoned(lock: string): boolean {
	const status = statSync(lock, { throwIfNoEntry: false });
	return status !== undefined && Date.now() - status.mtimeMs > oldestLockMs;
}
