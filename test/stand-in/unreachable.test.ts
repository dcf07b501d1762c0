import assert from 'node:assert/strict';
import { get as httpGet } from 'node:http';
import { get as httpsGet } from 'node:https';
import { suite, test } from 'node:test';
import { makeRefusingUrl, ResettingServer } from '../../stand-in/unreachable.ts';

suite('an unreachable server', () => {
	test('refuses the connection', async () => {
		const url = await makeRefusingUrl();
		const { promise, reject } = Promise.withResolvers<never>();
		httpGet(url).on('error', reject);
		await assert.rejects(promise, { code: 'ECONNREFUSED' });
	});

	test('resets the handshake', async () => {
		await using server = await ResettingServer.start();
		const { promise, reject } = Promise.withResolvers<never>();
		httpsGet(`https://127.0.0.1:${server.port}/`).on('error', reject);
		await assert.rejects(promise, { message: 'read ECONNRESET' });
		assert.equal(server.connections, 1);
	});
});
