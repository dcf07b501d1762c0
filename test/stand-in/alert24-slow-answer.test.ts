import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { startAlert24 } from '../../stand-in/alert24-stand-in.ts';
import { observePost } from '../support/observe-post.ts';

suite('answers without an end', { concurrency: true }, () => {
	test('a redirect chain goes on as long as it is followed, and never leads to a record', async () => {
		await using alert24 = await startAlert24();
		alert24.failWith({ kind: 'redirect', to: 'endless', status: 307 });
		await assert.rejects(fetch(`${alert24.url}/api/v1/changes`, { method: 'POST', body: '{}' }), (error: Error) => {
			return /redirect count exceeded/.test(String(error.cause));
		});
		assert.equal(alert24.requests.length, 21);
		assert.equal(new Set(alert24.requests.map(({ path }) => path)).size, 21);
		assert.deepEqual(alert24.strays, []);
		assert.equal(alert24.changes.length, 0);
	});

	test('a redirect can lead to itself or to another server', async () => {
		await using alert24 = await startAlert24();
		alert24.failWith({ kind: 'redirect', to: 'itself' }, { kind: 'redirect', to: new URL('http://127.0.0.1:9/x') });
		const itself = await observePost(alert24);
		const elsewhere = await observePost(alert24);
		assert.equal(itself.headers?.location, `${alert24.url}/api/v1/changes`);
		assert.equal(elsewhere.headers?.location, 'http://127.0.0.1:9/x');
	});

	test('a trickle comes a byte at a time', async () => {
		await using alert24 = await startAlert24();
		alert24.failWith({ kind: 'trickle', part: 'body', intervalMs: 20 });
		const seen = await observePost(alert24, { bodyMs: 300 });
		assert.match(seen.body, /^ {1,40}$/);
	});

	test('an endless body waits for its reader', async () => {
		await using alert24 = await startAlert24();
		alert24.failWith({ kind: 'endless', part: 'body' });
		const before = process.memoryUsage().rss;
		const answer = await fetch(`${alert24.url}/api/v1/changes`, { method: 'POST' });
		const reader = answer.body?.getReader();
		const chunk = await reader?.read();
		assert.match(Buffer.from(chunk?.value ?? []).toString(), /^ +$/);
		const growth = process.memoryUsage().rss - before;
		assert.ok(growth < 64 * 1024 * 1024, `grew by ${growth} bytes`);
		await reader?.cancel();
	});

	test('the stand-in closes at once although a client still waits', async () => {
		const alert24 = await startAlert24();
		alert24.failWith({ kind: 'silence' });
		const waiting = observePost(alert24);
		await alert24.nthRequest(1);
		const startedAtMs = performance.now();
		await alert24.close();
		assert.equal((await waiting).end, 'socket hang up');
		assert.ok(performance.now() - startedAtMs < 1000);
		await alert24.close();
	});
});
