import { type ServerResponse, STATUS_CODES } from 'node:http';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** Writes as fast as the reader reads, until all is written or the reader has gone, which is no error here. */
export async function writeWhileRead(chunks: Iterable<string>, writable: Writable): Promise<void> {
	try {
		await pipeline(Readable.from(chunks), writable);
	} catch (error) {
		if (!writable.destroyed) throw error;
	}
}

/** Writes one byte after each interval, until the reader has gone. */
export function writeByteByByte(bytes: Iterator<string, undefined>, writable: Writable, intervalMs: number): void {
	const timer = setInterval(() => writable.write(bytes.next().value ?? ' '), intervalMs);
	writable.once('close', () => clearInterval(timer));
	writable.on('error', () => clearInterval(timer));
}

/** Runs `answer` after a delay, unless the client goes first. */
export function answerLater(response: ServerResponse, delayMs: number, answer: () => Promise<void>): Promise<void> {
	const { promise, resolve } = Promise.withResolvers<void>();
	const timer = setTimeout(() => resolve(answer()), delayMs);
	response.once('close', () => {
		clearTimeout(timer);
		resolve();
	});
	return promise;
}

/** Sends the status and no further headers, and gives back what the body is to be written to. */
export function startBody(response: ServerResponse, status: number): Writable {
	response.writeHead(status, { 'Content-Type': 'application/json' }).flushHeaders();
	return response;
}

/** Headers for ever, in pieces of 64 KiB after the first. */
export function* endlessHead(status: number): Generator<string> {
	yield `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n`;
	const padding = `X-Padding: ${'x'.repeat(1000)}\r\n`.repeat(64);
	while (true) yield padding;
}

/** Headers for ever, character by character. */
export function* endlessHeadCharacters(status: number): Generator<string, undefined> {
	for (const piece of endlessHead(status)) yield* piece;
}

/** Blanks for ever, which a parser of JSON would wait through. */
export function* endlessBlanks(size: number): Generator<string, undefined> {
	const blanks = ' '.repeat(size);
	while (true) yield blanks;
}
