import type { Delivery } from '../delivery/delivery.ts';
import type { Log } from '../log/log.ts';
import { describeChange } from '../report/messages.ts';
import { type Claim, type FinishedDelivery, type Outbox, OutboxError } from './outbox.ts';

export type OutboxDelivery = Readonly<{
	deliver(claim: Claim): Promise<Delivery>;
	/** The deliveries in progress at the same time, at most. */
	mostAtOnce: number;
	leaseMs: number;
	log: Log;
}>;

/**
 * Claims and delivers changes until the outbox hands out no more, and returns the deliveries in the order of the
 * claims. A store that cannot be updated is reported and does not stop the other deliveries.
 */
export async function deliverOutbox(outbox: Outbox, options: OutboxDelivery): Promise<Delivery[]> {
	const deliveries: Delivery[] = [];
	let claims = 0;
	const work = async (): Promise<void> => {
		for (;;) {
			const claim = await outbox.claim(options.leaseMs);
			if (claim === undefined) return;
			const index = claims++;
			const delivery = await options.deliver(claim);
			deliveries[index] = delivery;
			await settleClaim(outbox, claim, delivery, options.log);
		}
	};
	await Promise.all(Array.from({ length: options.mostAtOnce }, work));
	return deliveries;
}

async function settleClaim(outbox: Outbox, claim: Claim, delivery: Delivery, log: Log): Promise<void> {
	try {
		if (isFinished(delivery)) await outbox.finish(claim, delivery);
		else await outbox.postpone(claim, delivery, new Date(0));
	} catch (error) {
		if (!(error instanceof OutboxError)) throw error;
		const consequence = isRecorded(delivery)
			? 'the change stays there, and a replay finds it in Alert24 by its external_id'
			: 'the change stays there without this result';
		log.notice(`${describeChange(claim.change)}: its file ${error.message}; ${consequence}`);
	}
}

function isFinished(delivery: Delivery): delivery is FinishedDelivery {
	return delivery.state === 'refused' || isRecorded(delivery);
}

/** Returns true if Alert24 confirmed the change. */
export function isRecorded({ state }: Delivery): boolean {
	return state === 'recorded' || state === 'already recorded';
}
