import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { startAlert24 } from '../../stand-in/alert24-stand-in.ts';
import { observePost } from '../support/observe-post.ts';

suite('the order of faults', () => {
	test('the faults of a queue come in turn, then the lasting one, until all are forgotten', async () => {
		await using alert24 = await startAlert24();
		alert24.failAlways({ kind: 'status', status: 503 });
		alert24.failWith({ kind: 'status', status: 500 }, { kind: 'none' }, { kind: 'status', status: 502 });
		const statuses: (number | undefined)[] = [];
		for (let post = 0; post < 5; post += 1) statuses.push((await observePost(alert24)).status);
		assert.deepEqual(statuses, [500, 201, 502, 503, 503]);
		alert24.heal();
		assert.equal((await observePost(alert24)).status, 201);
	});

	test('lists have their own faults', async () => {
		await using alert24 = await startAlert24();
		const list = () =>
			fetch(`${alert24.url}/api/v1/changes`, { headers: { Authorization: `Bearer ${alert24.apiKey}` } });
		alert24.failListsAlways({ kind: 'status', status: 500, body: 'html' });
		alert24.failListsWith({ kind: 'status', status: 200, body: { json: [] } });
		assert.equal((await observePost(alert24)).status, 201);
		assert.deepEqual(await (await list()).json(), []);
		assert.equal((await list()).status, 500);
		assert.equal((await list()).headers.get('content-type'), 'text/html; charset=utf-8');
	});
});
