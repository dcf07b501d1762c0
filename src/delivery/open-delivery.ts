import { Alert24Client } from '../alert24/alert24-client.ts';
import type { Environment } from '../environment.ts';
import type { Log } from '../log/log.ts';
import { readTrustedCas } from '../network/trusted-cas.ts';
import type { Settings } from '../settings/settings.ts';
import type { Redactor } from '../text/redact.ts';
import type { Clock } from './clock.ts';
import { deliverChange } from './deliver-change.ts';
import type { Delivery, Parcel } from './delivery.ts';
import type { RetryPolicy } from './retry-policy.ts';

/** The process around a delivery. */
export type DeliveryContext = Readonly<{
	environment: Environment;
	log: Log;
	redactor: Redactor;
	policy: RetryPolicy;
	clock: Clock;
	/** Aborted when the job is canceled. */
	signal: AbortSignal;
}>;

/** Where the changes go, and the key for it. */
export type DeliverySettings = Pick<Settings, 'apiUrl' | 'proxyEnv'> & Readonly<{ apiKey: string }>;

/** Delivers one change until `deadlineMs`, by `clock.now()`. */
export type Deliver = (parcel: Parcel, deadlineMs: number) => Promise<Delivery>;

/** Returns the function that delivers changes. It reads the CAs once. */
export function openDelivery(settings: DeliverySettings, context: DeliveryContext): Deliver {
	const { environment, log, redactor, policy, clock, signal } = context;
	const { apiUrl, apiKey, proxyEnv } = settings;
	const cas = readTrustedCas(environment, log);
	const redact = (text: string) => redactor.redact(text);
	const client = new Alert24Client({ apiUrl, apiKey, proxyEnv, cas, signal, redact });
	return (parcel, deadlineMs) => deliverChange(parcel, { client, policy, clock, deadlineMs, signal, log });
}
