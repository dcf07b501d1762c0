import { Counter, Gauge, Registry } from 'prom-client';
import type { Delivery } from '../delivery/delivery.ts';
import type { OutboxCounts } from '../outbox/sql-outbox.ts';
import type { EventResult } from './plan-event.ts';

export type EventSource = 'gitlab' | 'bitbucket';

export type CountedResult = EventResult | 'duplicate' | 'started' | 'unauthorized';

/** The metrics of one relay process. No label contains a text of an event. */
export class RelayMetrics {
	readonly #registry = new Registry();
	readonly #events = new Counter({
		name: 'alert24_relay_events_total',
		help: 'Webhook events by source and result; one event can contain several deployments.',
		labelNames: ['source', 'result'],
		registers: [this.#registry],
	});
	readonly #lastEvents = new Gauge({
		name: 'alert24_relay_last_event_timestamp_seconds',
		help: 'Time of the last event whose sender was verified. A webhook that its server disabled is silent.',
		labelNames: ['source'],
		registers: [this.#registry],
	});
	readonly #deliveries = new Counter({
		name: 'alert24_relay_deliveries_total',
		help: 'Attempts to deliver a change, by their end.',
		labelNames: ['outcome'],
		registers: [this.#registry],
	});
	readonly #storeErrors = new Counter({
		name: 'alert24_relay_store_errors_total',
		help: 'Failed reads and writes of the store.',
		registers: [this.#registry],
	});
	readonly #keyRejected = new Gauge({
		name: 'alert24_relay_key_rejected',
		help: '1 while Alert24 rejects the API key (401 or 403) and sending is stopped.',
		registers: [this.#registry],
	});

	/** `count` reads the store when the metrics are requested. */
	constructor(count: () => Promise<OutboxCounts | undefined>, now: () => number) {
		const refused = new Gauge({
			name: 'alert24_relay_refused',
			help: 'Changes that were refused and wait for `outbox retry`.',
			registers: [this.#registry],
		});
		const oldest = new Gauge({
			name: 'alert24_relay_oldest_pending_seconds',
			help: 'Age of the oldest change that waits for its delivery; 0 if none waits.',
			registers: [this.#registry],
		});
		new Gauge({
			name: 'alert24_relay_pending',
			help: 'Changes that wait for their delivery.',
			registers: [this.#registry],
			async collect() {
				const counts = await count();
				if (counts === undefined) return;
				this.set(counts.pending);
				refused.set(counts.refused);
				oldest.set(counts.oldestPendingAtMs === undefined ? 0 : Math.max(0, (now() - counts.oldestPendingAtMs) / 1000));
			},
		});
	}

	countEvent(source: EventSource, result: CountedResult): void {
		this.#events.inc({ source, result });
	}

	noteEvent(source: EventSource, timeMs: number): void {
		this.#lastEvents.set({ source }, timeMs / 1000);
	}

	countDelivery(outcome: Delivery['state'] | 'never started'): void {
		this.#deliveries.inc({ outcome: outcome.replace(' ', '_') });
	}

	countStoreError(): void {
		this.#storeErrors.inc();
	}

	setKeyRejected(isRejected: boolean): void {
		this.#keyRejected.set(isRejected ? 1 : 0);
	}

	/** Returns the metrics in Prometheus' text format. */
	render(): Promise<string> {
		return this.#registry.metrics();
	}
}
