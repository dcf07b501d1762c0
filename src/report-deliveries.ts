import type { Delivery } from './delivery/deliver-change.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import type { Log } from './log.ts';
import { describeChange } from './messages.ts';

const codes: Readonly<Record<Delivery['state'], ExitCode>> = {
	recorded: exitCodes.ok,
	'already recorded': exitCodes.ok,
	refused: exitCodes.refused,
	undelivered: exitCodes.undelivered,
};

/** Says how each delivery ended; gives the exit code of the worst. */
export function reportDeliveries(deliveries: readonly Delivery[], log: Log): ExitCode {
	for (const delivery of deliveries) {
		const change = describeChange(delivery.change);
		const id = delivery.id === undefined ? '' : ` (change ${delivery.id})`;
		const attempts = delivery.attempts === 1 ? '1 attempt' : `${delivery.attempts} attempts`;
		switch (delivery.state) {
			case 'recorded':
				log.result(`Recorded: ${change}${id}`);
				break;
			case 'already recorded':
				log.result(`Already recorded: ${change}${id}`);
				break;
			case 'refused':
			case 'undelivered':
				log.notice(
					`NOT RECORDED: ${change}: ${delivery.reason} (${attempts}, request id ${delivery.requestId ?? 'not given'})`,
				);
				break;
		}
	}
	return deliveries.map((delivery) => codes[delivery.state]).reduce((worst, code) => (code > worst ? code : worst));
}
