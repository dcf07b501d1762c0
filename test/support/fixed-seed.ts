import fc from 'fast-check';

// `npm test` loads this module before each test file, so that its random tests make the same few values in each run.
// `npm run test:slow` loads random-seed.ts instead.
fc.configureGlobal({ seed: 20_261_122, numRuns: 20 });
