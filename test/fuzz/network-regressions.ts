import type { NetworkRow } from './random-network.ts';

/** Networks on which a random run found a fault. They run first. */
export const networkRegressions: readonly NetworkRow[] = [];
