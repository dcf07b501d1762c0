import fc from 'fast-check';
import { fuzzSeed } from '../fuzz/fuzz-seed.ts';

// `npm run test:slow` loads this module before each test file: its random tests make other values in each run, and the
// variable FUZZ_SEED repeats a run. fast-check prints the seed if a test fails.
fc.configureGlobal({ seed: fuzzSeed() });
