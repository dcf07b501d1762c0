import { randomUUID } from 'node:crypto';
import { type Answer, errorAnswer } from './alert24-answer.ts';
import type { SentChange } from './alert24-validation.ts';

/** A change as Alert24 keeps it: with an id, the time of receipt and the documented defaults of what was left out. */
export type StoredChange = SentChange & { readonly id: string; readonly created_at: string };

/** What Alert24 records where the client says nothing. */
const defaults = { change_type: 'deployment', source: 'api', environment: 'production', risk_level: 'low' };

/** The changes of one organization, oldest first. */
export class ChangeLog {
	/** As kept. */
	readonly stored: StoredChange[] = [];
	/** As sent, in the same order. */
	readonly sent: SentChange[] = [];

	record(change: SentChange, serviceId?: string): StoredChange {
		const target = serviceId === undefined ? {} : { service_id: serviceId };
		const added = { id: randomUUID(), created_at: new Date().toISOString() };
		const stored: StoredChange = { ...defaults, ...change, ...target, ...added };
		this.stored.push(stored);
		this.sent.push(change);
		return stored;
	}

	/** One page, newest first, by https://alert24.net/docs/api-pagination; of one service, if one is named. */
	list(query: URLSearchParams, serviceId?: string): Answer {
		const limit = Number(query.get('limit') ?? 25);
		const offset = Number(query.get('offset') ?? 0);
		if (!Number.isInteger(limit) || limit < 1 || limit > 100) {
			return errorAnswer(400, 'limit must be an integer from 1 to 100');
		}
		if (!Number.isInteger(offset) || offset < 0) return errorAnswer(400, 'offset must be an integer from 0');
		const found = this.stored.filter((change) => serviceId === undefined || change.service_id === serviceId);
		const data = found.toReversed().slice(offset, offset + limit);
		const meta = { total: found.length, limit, offset, has_more: offset + data.length < found.length };
		return { status: 200, body: { data, meta } };
	}
}
