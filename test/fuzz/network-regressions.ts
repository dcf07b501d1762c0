import type { NetworkRow } from './random-network.ts';

/** Networks on which a random run found a fault. They run first. */
export const networkRegressions: readonly NetworkRow[] = [
	// The change was stored between the first and the second page of a lookup.
	{
		services: 1,
		others: 150,
		proxy: { first: ['open', 'open'], last: 'open' },
		posts: [
			{ kind: 'slow-record', delayMs: 2300 },
			{ kind: 'status', status: 503, recordsFirst: false },
		],
		lastPost: { kind: 'none' },
		lists: [],
		lastList: { kind: 'none' },
	},
];
