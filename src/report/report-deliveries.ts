import type { Delivery } from '../delivery/delivery.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import type { Log } from '../log/log.ts';
import { makeVisible } from '../text/visible-text.ts';
import { describeChange } from './messages.ts';
import { type ChangeState, printResult, type ServiceResult } from './result.ts';

type State = Delivery['state'];

// The best first.
const codes: Readonly<Record<State, ExitCode>> = {
	'already recorded': exitCodes.ok,
	recorded: exitCodes.ok,
	refused: exitCodes.refused,
	undelivered: exitCodes.undelivered,
};
const resultStates: Readonly<Record<State, ChangeState>> = {
	'already recorded': 'already_recorded',
	recorded: 'recorded',
	refused: 'refused',
	undelivered: 'undelivered',
};

/**
 * Prints the end of each delivery, for people and for programs. Returns the highest exit code, at least `leastCode`.
 */
export function reportDeliveries(
	deliveries: readonly Delivery[],
	log: Log,
	leastCode: ExitCode = exitCodes.ok,
): ExitCode {
	for (const delivery of deliveries) reportDelivery(delivery, log);
	const states = Object.keys(codes) as State[];
	const worst = states.findLast((known) => deliveries.some(({ state }) => state === known)) ?? 'recorded';
	const exitCode = Math.max(codes[worst], leastCode) as ExitCode;
	printResult({ outcome: resultStates[worst], exit_code: exitCode, services: deliveries.map(summarize) }, log);
	return exitCode;
}

function reportDelivery(delivery: Delivery, log: Log): void {
	const change = describeChange(delivery.change);
	switch (delivery.state) {
		case 'recorded':
			log.success(`Recorded: ${change}${describeRecord(delivery)}`);
			break;
		case 'already recorded':
			log.success(`Already recorded: ${change}${describeRecord(delivery)}`);
			break;
		case 'refused':
		case 'undelivered': {
			const result = delivery.isUncertain ? 'NOT CONFIRMED' : 'NOT RECORDED';
			const attempts = delivery.attempts === 1 ? '1 attempt' : `${delivery.attempts} attempts`;
			const requestId = makeVisible(delivery.requestId ?? 'not given');
			log.failure(`${result}: ${change}: ${delivery.reason} (${attempts}, request id ${requestId})`);
			break;
		}
	}
}

function describeRecord({ id, url }: Delivery): string {
	return `${id === undefined ? '' : ` (change ${makeVisible(id)})`}${url === undefined ? '' : `: ${url}`}`;
}

function summarize({ change, state, id, url, attempts, requestId, reason, isUncertain }: Delivery): ServiceResult {
	return {
		...(change.service_id !== undefined && { service_id: change.service_id }),
		state: resultStates[state],
		...(id !== undefined && { id }),
		...(url !== undefined && { url }),
		...(change.external_id !== undefined && { external_id: change.external_id }),
		attempts,
		...(requestId !== undefined && { request_id: requestId }),
		...(reason !== undefined && { reason }),
		...(isUncertain && { may_be_recorded: true }),
	};
}
