import { type IncomingMessage, type OutgoingHttpHeaders, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Answer } from './alert24-answer.ts';
import { renderFaultBody } from './alert24-fault-body.ts';
import { answerStatus, type Fault, type FaultBody } from './alert24-faults.ts';
import {
	answerLater,
	endlessBlanks,
	endlessHead,
	endlessHeadCharacters,
	startBody,
	writeByteByByte,
	writeWhileRead,
} from './alert24-slow-answer.ts';

export type Exchange = {
	readonly request: IncomingMessage;
	readonly response: ServerResponse;
	/** What a healthy Alert24 answers to this request. */
	readonly healthy: Answer;
	/** The base URL, under which a redirect chain goes on. */
	readonly url: string;
	/** Resets the connection, below TLS where there is TLS. */
	readonly reset: () => void;
};

/** Lets a request that has been read meet its fault; resolves when nothing more is to be written. */
export async function playFault(fault: Fault, exchange: Exchange): Promise<void> {
	const { request, response, healthy } = exchange;
	const status = answerStatus(fault) ?? healthy.status;
	const answerHealthily = () => answer(response, healthy.status, { json: healthy.body });
	switch (fault.kind) {
		case 'none':
			return answerHealthily();
		case 'late':
			return answerLater(response, fault.delayMs, answerHealthily);
		case 'status':
			return answer(response, status, fault.body ?? (status >= 400 ? 'error' : 'empty'), fault.headers);
		case 'redirect':
			return answer(response, status, 'empty', { Location: findTarget(fault.to, exchange) });
		case 'reset':
			return playReset(fault.when, status, exchange);
		case 'hang-up':
			request.socket.end();
			return;
		case 'not-http':
			request.socket.end('SSH-2.0-OpenSSH_9.2\r\n');
			return;
		case 'silence':
			return;
		case 'headers-only':
			startBody(response, status);
			return;
		case 'endless':
			if (fault.part === 'head') return writeWhileRead(endlessHead(status), request.socket);
			return writeWhileRead(endlessBlanks(64 * 1024), startBody(response, status));
		case 'trickle':
			if (fault.part === 'head') writeByteByByte(endlessHeadCharacters(status), request.socket, fault.intervalMs);
			else writeByteByByte(endlessBlanks(1), startBody(response, status), fault.intervalMs);
			return;
		default:
			fault satisfies never;
	}
}

async function answer(
	response: ServerResponse,
	status: number,
	body: FaultBody,
	headers: OutgoingHttpHeaders = {},
): Promise<void> {
	const { type, content } = renderFaultBody(body, status);
	response.statusCode = status;
	for (const [name, value] of Object.entries({ 'Content-Type': type, ...headers })) {
		if (value !== undefined) response.setHeader(name, value);
	}
	if (typeof content === 'string') response.end(content);
	else await writeWhileRead(content, response);
}

function findTarget(to: 'itself' | 'endless' | URL, { request, url }: Exchange): string {
	if (to === 'itself') return new URL(request.url ?? '', url).href;
	if (to === 'endless') return `${url}/redirected/1`;
	return to.href;
}

/** The answer that is being given is whole but for its end, so a client sees where it was cut. */
function playReset(
	when: 'before' | 'during-head' | 'during-body' | 'after',
	status: number,
	{ request, healthy, reset }: Exchange,
): void {
	const body = JSON.stringify(healthy.body);
	const head = [
		`HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
		'Content-Type: application/json',
		`Content-Length: ${Buffer.byteLength(body)}`,
	];
	if (when === 'during-head') request.socket.write(head.join('\r\n'), reset);
	else if (when === 'during-body') {
		request.socket.write(`${head.join('\r\n')}\r\n\r\n${body.slice(0, body.length / 2)}`, reset);
	} else reset();
}
