import type { Fault } from './alert24-faults.ts';

/** Which fault the next request of one sort meets: first those in the queue, one each, then the lasting one, if any. */
export class FaultPlan {
	#queue: Fault[] = [];
	#always: Fault = { kind: 'none' };

	add(faults: readonly Fault[]): void {
		this.#queue.push(...faults);
	}

	always(fault: Fault): void {
		this.#always = fault;
	}

	clear(): void {
		this.#queue = [];
		this.#always = { kind: 'none' };
	}

	next(): Fault {
		return this.#queue.shift() ?? this.#always;
	}
}
