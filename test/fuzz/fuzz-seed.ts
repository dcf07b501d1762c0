/**
 * Returns the seed of this run: that of the variable FUZZ_SEED, to repeat a run, else the time. The title of each suite
 * prints it.
 */
export function fuzzSeed(): number {
	const given = Number(process.env['FUZZ_SEED'] || Number.NaN);
	return Number.isSafeInteger(given) ? given : Date.now() % 1_000_000_000;
}
