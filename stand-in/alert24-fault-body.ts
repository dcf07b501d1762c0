import { errorAnswer } from './alert24-answer.ts';
import type { FaultBody } from './alert24-faults.ts';

const html =
	'<!DOCTYPE html>\n<html><head><title>Error</title></head><body><h1>Something is wrong</h1></body></html>\n';
const json = 'application/json; charset=utf-8';

export type RenderedBody = { readonly type: string; readonly content: string | Iterable<string> };

/** Turns a fault's body into text, or into chunks of it where it is large, and its type. */
export function renderFaultBody(body: FaultBody, status: number): RenderedBody {
	switch (body) {
		case 'error':
			return { type: json, content: JSON.stringify(errorAnswer(status).body) };
		case 'html':
			return { type: 'text/html; charset=utf-8', content: html };
		case 'empty':
			return { type: json, content: '' };
		case 'cut-json':
			return { type: json, content: '{"data":{"id":"chg_1","summ' };
		case 'huge':
			return { type: json, content: hugeJson(32) };
		default:
			if ('json' in body) return { type: json, content: JSON.stringify(body.json) };
			return { type: body.type, content: body.text };
	}
}

function* hugeJson(mebibytes: number): Generator<string> {
	const filler = 'x'.repeat(1024 * 1024);
	yield '{"data":{"id":"chg_1","summary":"';
	for (let written = 0; written < mebibytes; written += 1) yield filler;
	yield '"}}';
}
