import { Alert24Client } from '../alert24/alert24-client.ts';
import type { Change } from '../change/change-schema.ts';
import type { Environment } from '../environment.ts';
import type { Log } from '../log/log.ts';
import { readTrustedCas } from '../network/trusted-cas.ts';
import type { Settings } from '../settings/settings.ts';
import type { Clock } from './clock.ts';
import type { DedupeMode } from './dedupe-mode.ts';
import { deliverChange } from './deliver-change.ts';
import type { Delivery } from './delivery.ts';
import type { RetryPolicy } from './retry-policy.ts';

/** What a delivery needs of the world, besides the settings. */
export type DeliveryContext = Readonly<{
	environment: Environment;
	log: Log;
	policy: RetryPolicy;
	clock: Clock;
	/** Given when the job is canceled. */
	signal: AbortSignal;
}>;

/**
 * Delivers changes, all at once and each on its own: one that hangs takes no time from the others. The budget counts from now. Tells of each as
 * soon as it ended.
 */
export async function deliverChanges(
	changes: readonly Change[],
	settings: Pick<Settings, 'apiUrl' | 'budgetMs' | 'proxyEnv'> & Readonly<{ apiKey: string; dedupe: DedupeMode }>,
	context: DeliveryContext,
	onDelivered: (delivery: Delivery) => void = () => undefined,
): Promise<Delivery[]> {
	const { environment, log, policy, clock, signal } = context;
	const cas = readTrustedCas(environment, log);
	const { apiUrl, apiKey, dedupe, proxyEnv } = settings;
	const client = new Alert24Client({ apiUrl, apiKey, signal, proxyEnv, cas });
	const deadlineMs = clock.now() + settings.budgetMs;
	return Promise.all(
		changes.map(async (change) => {
			const delivery = await deliverChange(change, { client, policy, clock, deadlineMs, dedupe, signal, log });
			onDelivered(delivery);
			return delivery;
		}),
	);
}
