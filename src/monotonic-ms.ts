/**
 * Returns milliseconds that never jump, for durations. Unlike `performance.now()` it does not make Node load
 * `node:perf_hooks`.
 */
export function monotonicMs(): number {
	return Number(process.hrtime.bigint()) / 1e6;
}
