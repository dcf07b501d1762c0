import type { Delivery } from '../delivery/delivery.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import type { Log } from '../log/log.ts';
import { describeChange } from './messages.ts';

type State = Delivery['state'];

// The best first.
const codes: Readonly<Record<State, ExitCode>> = {
	'already recorded': exitCodes.ok,
	recorded: exitCodes.ok,
	refused: exitCodes.refused,
	undelivered: exitCodes.undelivered,
};

/** Says how each delivery ended, to people and to programs; gives the exit code of the worst. */
export function reportDeliveries(deliveries: readonly Delivery[], log: Log): ExitCode {
	for (const delivery of deliveries) {
		const change = describeChange(delivery.change);
		const id = delivery.id === undefined ? '' : ` (change ${delivery.id})`;
		const attempts = delivery.attempts === 1 ? '1 attempt' : `${delivery.attempts} attempts`;
		switch (delivery.state) {
			case 'recorded':
				log.success(`Recorded: ${change}${id}`);
				break;
			case 'already recorded':
				log.success(`Already recorded: ${change}${id}`);
				break;
			case 'refused':
			case 'undelivered':
				log.failure(
					`${delivery.isUncertain ? 'NOT CONFIRMED' : 'NOT RECORDED'}: ${change}: ${delivery.reason} (${attempts}, request id ${delivery.requestId ?? 'not given'})`,
				);
				break;
		}
	}
	const states = Object.keys(codes) as State[];
	const worst = states.findLast((known) => deliveries.some(({ state }) => state === known)) ?? 'recorded';
	log.summary({ outcome: worst.replace(' ', '_'), exit_code: codes[worst], services: deliveries.map(summarize) });
	return codes[worst];
}

function summarize({ change, state, id, attempts, requestId, reason, isUncertain }: Delivery): object {
	return {
		service_id: change.service_id,
		state: state.replace(' ', '_'),
		id,
		external_id: change.external_id,
		attempts,
		request_id: requestId,
		reason,
		...(isUncertain && { may_be_recorded: true }),
	};
}
