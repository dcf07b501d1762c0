import fc from 'fast-check';

// `npm test` loads this module before each test file, so that its random tests make the same values in each run.
// `npm run test:slow` does not load it: fast-check then takes a random seed, and prints it if a test fails.
fc.configureGlobal({ seed: 20_261_122 });
