import type { IncomingHttpHeaders } from 'node:http';
import type { Log } from '../log/log.ts';
import type { NewRow } from '../outbox/acceptance-queue.ts';
import type { SqlOutbox } from '../outbox/sql-outbox.ts';
import { parseJson } from '../text/json-value.ts';
import type { Redactor } from '../text/redact.ts';
import { quote } from '../text/visible-text.ts';
import { readBitbucketEvent } from './bitbucket-event.ts';
import { readGitlabEvent } from './gitlab-event.ts';
import type { EventSource, RelayMetrics } from './metrics.ts';
import { type Plan, type PlannedChange, planEvent } from './plan-event.ts';
import { isPostServicePayload, readPostServiceBody, readPostServicePayload } from './post-service-payload.ts';
import { type ReportedEvent, rejectEvent } from './reported-event.ts';
import type { Rules } from './rules.ts';

/** One verified webhook. */
export type ReceivedEvent = Readonly<{ source: EventSource; headers: IncomingHttpHeaders; body: Buffer }>;

export type ReceiverOptions = Readonly<{
	outbox: SqlOutbox;
	rules: Rules;
	metrics: RelayMetrics;
	log: Log;
	redactor: Redactor;
	now: () => number;
	/** Called when changes were stored. */
	onAccepted: () => void;
}>;

// GitLab's events overtake each other: a `running` event may follow the end of its deployment.
const holdMs = 60_000;
const mostRemembered = 10_000;

/** Reads verified events and stores their changes. */
export class EventReceiver {
	readonly #options: ReceiverOptions;
	readonly #unmatched = new Set<string>();

	constructor(options: ReceiverOptions) {
		this.#options = options;
	}

	/** Stores the changes of an event; they are durable when the promise resolves. Rejects with an OutboxError. */
	async receive(received: ReceivedEvent): Promise<void> {
		const { outbox, rules, metrics, redactor, now, onAccepted } = this.#options;
		const { source } = received;
		metrics.noteEvent(source, now());
		const event = readEvent(received, redactor);
		if (event.kind === 'ignored') {
			metrics.countEvent(source, event.isMistake ? 'invalid' : 'ignored');
			this.#report(source, event.isMistake, event.reason);
			return;
		}
		if (event.kind === 'started') {
			await outbox.accept([], { id: buildStartId(event.keyParts), startedAt: event.startedAt });
			metrics.countEvent(source, 'started');
			return;
		}
		const plans = planEvent(event, rules);
		const planned = plans.flatMap((plan) => (plan.result === 'accepted' ? plan.changes : []));
		const rows = planned.map((change) => buildRow(change, now()));
		const results = rows.length === 0 ? [] : await outbox.accept(rows, undefined);
		for (const plan of plans) if (plan.result !== 'accepted') this.#countUnrecorded(source, plan);
		for (const [index, result] of results.entries()) {
			metrics.countEvent(source, result === 'stored' ? 'accepted' : 'duplicate');
			const { external_id: id } = planned[index]?.change ?? {};
			this.#options.log.detail(`${result === 'stored' ? 'accepted' : 'duplicate'}: ${id}`);
		}
		if (results.includes('stored')) onAccepted();
	}

	#countUnrecorded(source: EventSource, plan: Exclude<Plan, { result: 'accepted' }>): void {
		const { metrics } = this.#options;
		metrics.countEvent(source, plan.result);
		const isProminent = plan.result === 'unmatched' || plan.result === 'invalid';
		const name = JSON.stringify([source, plan.project, plan.result]);
		// Once for each project: a group webhook also reports projects that nobody wants to record.
		const isNew = !this.#unmatched.has(name) && this.#unmatched.size < mostRemembered;
		if (isProminent && isNew) this.#unmatched.add(name);
		this.#report(source, isProminent && isNew, plan.reason);
	}

	#report(source: EventSource, isProminent: boolean, reason: string): void {
		const line = `Not recorded (${source}): ${reason}`;
		if (isProminent) this.#options.log.notice(line);
		else this.#options.log.detail(line);
	}
}

/** Reads the body of a webhook of either source. No secret remains in the texts. */
export function readEvent({ source, headers, body }: ReceivedEvent, redactor: Redactor): ReportedEvent {
	const text = body.toString('utf8');
	const eventKey = headers['x-event-key'];
	const json = source === 'bitbucket' && eventKey === undefined ? readPostServiceBody(text) : text;
	const payload = parseJson(redactor.redactKeys(json));
	if (payload === undefined) return rejectEvent(`the body is not JSON: ${quote(json.slice(0, 60))}`);
	if (source === 'gitlab') return readGitlabEvent(payload);
	if (eventKey === undefined && isPostServicePayload(payload)) return readPostServicePayload(payload);
	if (eventKey === undefined && Array.isArray((payload as { push?: { changes?: unknown } } | null)?.push?.changes)) {
		return readBitbucketEvent('repo:push', payload);
	}
	return readBitbucketEvent(typeof eventKey === 'string' ? eventKey : undefined, payload);
}

/** Returns the id under which the start of a deployment is stored. */
export function buildStartId(keyParts: readonly string[]): string {
	return JSON.stringify(keyParts);
}

function buildRow(planned: PlannedChange, nowMs: number): NewRow {
	const { change, facts, lane } = planned;
	const finishedMs = Date.parse(facts.deployment.job?.finishedAt ?? '');
	return {
		change,
		createdAt: new Date(Number.isNaN(finishedMs) ? nowMs : Math.min(finishedMs, nowMs)),
		lane,
		dueAt: new Date(facts.needsStart ? nowMs + holdMs : nowMs),
		details: facts,
		waitsFor: facts.needsStart ? buildStartId(facts.deployment.key?.parts ?? []) : undefined,
	};
}
