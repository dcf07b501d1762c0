import type { EnvironmentRow } from './random-environment.ts';
import { secrets } from './secrets.ts';

/** Environments with which a random run found a fault. They run first. */
export const environmentRegressions: readonly EnvironmentRow[] = [
	// The hook printed an unknown outcome without removing the token from it.
	{
		job: 'deploy job',
		removed: [],
		server: 'healthy',
		folder: 'plain',
		set: { ALERT24_STATUS: secrets.jobToken },
	},
	// A timeout with a mistake ended the lookups with a fault.
	{ job: 'deploy job', removed: [], server: 'healthy', folder: 'plain', set: { ALERT24_TIMEOUT: '1e1' } },
	// The replay of a log took the summary for a damaged change.
	{
		job: 'deploy job',
		removed: [],
		server: 'down',
		folder: 'plain',
		set: { ALERT24_SUMMARY: '{"format":"alert24-notify undelivered change","version":2' },
	},
	// A service id whose external id is longer than the system allows for a variable.
	{
		job: 'deploy job',
		folder: 'plain',
		server: 'healthy',
		set: { ALERT24_SERVICE_ID: '🚀'.repeat(13_750), ALERT24_LOOKUP: 'never' },
		removed: [],
	},
];
