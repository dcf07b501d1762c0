import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { suite, test } from 'node:test';
import { startAlert24 } from '../../stand-in/alert24-stand-in.ts';
import { startTestRelay } from '../support/relay.ts';
import { buildDeploymentEvent } from './load-event.ts';
import { send } from './send-events.ts';

suite('the relay under half-open connections', () => {
	test('answers within 3 s while 1,000 connections are half open and slow, and closes them', async () => {
		await using alert24 = await startAlert24();
		const limits = { headersTimeout: 1000, requestTimeout: 2000, connectionsCheckingInterval: 200 };
		await using relay = await startTestRelay(alert24, { limits });
		const { hostname, port } = new URL(relay.url);
		const sockets = await Promise.all(
			Array.from({ length: 1000 }, (_, index) => openHalf(hostname, Number(port), index)),
		);
		let slowest = 0;
		for (let number = 1; number <= 20; number += 1) {
			const startedMs = performance.now();
			await send(relay, buildDeploymentEvent(number));
			slowest = Math.max(slowest, performance.now() - startedMs);
		}
		assert.ok(slowest < 3000, `${slowest} ms`);
		await relay.until(() => alert24.changes.length === 20, 'all changes');
		await relay.until(() => sockets.every((socket) => socket.destroyed), 'the relay closes slow connections');
	});
});

// A third sends part of the headers, a third part of a body, a third nothing.
async function openHalf(host: string, port: number, index: number): Promise<Socket> {
	const socket = connect(port, host);
	socket.on('error', () => undefined);
	await new Promise((resolve) => socket.once('connect', resolve));
	if (index % 3 === 0) socket.write('POST /webhooks/gitlab HTTP/1.1\r\nHost: x\r\nX-Slow');
	if (index % 3 === 1) socket.write('POST /webhooks/gitlab HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{');
	socket.resume();
	return socket;
}
