import { findViolations } from '../change/validate-change.ts';
import { property } from '../text/json-value.ts';
import type { UndeliveredChange } from './undelivered-file.ts';

/** Whether a value from a file is an undelivered change, with a change that the schema lets pass. */
export function isUndeliveredChange(value: unknown): value is UndeliveredChange {
	const requestId = property(value, 'request_id');
	return (
		findViolations(property(value, 'change')).length === 0 &&
		['refused', 'undelivered'].includes(String(property(value, 'state'))) &&
		typeof property(value, 'reason') === 'string' &&
		Number.isInteger(property(value, 'attempts')) &&
		!Number.isNaN(Date.parse(String(property(value, 'failed_at')))) &&
		(requestId === undefined || typeof requestId === 'string')
	);
}
