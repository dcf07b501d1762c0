import { STATUS_CODES } from 'node:http';

/** What Alert24 answers when nothing is in its way: a status and a JSON body. */
export type Answer = { readonly status: number; readonly body: unknown };

/** The types and messages that https://alert24.net/docs/api-errors documents. */
const documentedErrors: Readonly<Record<number, readonly [type: string, message: string]>> = {
	400: ['validation_error', 'Invalid or missing data'],
	401: ['authentication_error', 'Invalid or missing API key. Provide a valid Bearer token.'],
	403: ['authorization_error', 'API key missing required scope: write'],
	404: ['not_found', 'Not found'],
	429: ['rate_limit_error', 'Too many requests'],
	500: ['server_error', 'An unexpected error occurred'],
};

/** An error in Alert24's envelope. A status that Alert24 does not document gets a type that it does not document either. */
export function errorAnswer(status: number, message?: string): Answer {
	const [type, documented] = documentedErrors[status] ?? ['unknown_error', STATUS_CODES[status] ?? 'Unknown'];
	return { status, body: { error: { type, message: message ?? documented, status } } };
}
