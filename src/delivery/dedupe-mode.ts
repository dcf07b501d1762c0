/** When to look for an already recorded change before sending: after an attempt that may have arrived, always, or never. */
export const dedupeModes = ['on-retry', 'always', 'never'] as const;

export type DedupeMode = (typeof dedupeModes)[number];
