import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startAlert24 } from '../../stand-in/alert24-stand-in.ts';
import { gitlabSecret, relayRules, signGitlab } from '../support/relay.ts';
import { buildDeploymentEvent } from './load-event.ts';

const bundle = fileURLToPath(new URL('../../dist/alert24-notify.js', import.meta.url));
const canTrace = spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0;

suite('the relay with SQLite', () => {
	// `kill -9` does not show it: the data that a process wrote survive its end, and are lost only with the power.
	test('syncs the disk after it wrote a change, and before it answers', {
		skip: !canTrace && 'strace is not installed, or cannot trace',
	}, async (t) => {
		await using alert24 = await startAlert24();
		const folder = mkdtempSync(join(tmpdir(), 'alert24-durable-'));
		t.after(() => rmSync(folder, { recursive: true }));
		const trace = join(folder, 'trace');
		writeFileSync(join(folder, 'rules.yaml'), relayRules);
		const calls = 'trace=pwrite64,fdatasync,write,writev';
		const child = spawn('strace', ['-f', '-y', '-e', calls, '-o', trace, process.execPath, bundle, 'serve'], {
			env: {
				PATH: process.env['PATH'],
				ALERT24_API_KEY: alert24.apiKey,
				ALERT24_API_URL: alert24.url,
				ALERT24_RELAY_STORE: join(folder, 'relay.sqlite'),
				ALERT24_RELAY_RULES: join(folder, 'rules.yaml'),
				ALERT24_RELAY_LISTEN: '127.0.0.1:0',
				ALERT24_RELAY_GITLAB_SECRETS: gitlabSecret,
			},
		});
		const exited = once(child, 'exit');
		let url = '';
		for await (const line of createInterface(child.stderr)) {
			url = /Listening on (http:\S+):/.exec(line)?.[1] ?? '';
			if (url !== '') break;
		}
		for (let number = 1; number <= 5; number += 1) {
			const { status } = await fetch(`${url}/webhooks/gitlab`, signGitlab(buildDeploymentEvent(number)));
			assert.equal(status, 202);
		}
		// strace itself does not pass a signal on. Each line begins with the id of a thread, the first one with that of
		// the process.
		process.kill(Number.parseInt(readFileSync(trace, 'utf8'), 10), 'SIGTERM');
		await exited;
		let [isSynced, answers] = [false, 0];
		for (const line of readFileSync(trace, 'utf8').split('\n')) {
			if (/pwrite64\(.*-wal>/.test(line)) isSynced = false;
			if (/fdatasync.*= 0$/.test(line)) isSynced = true;
			if (!line.includes('HTTP/1.1 202')) continue;
			assert.ok(isSynced, `an answer before the sync: ${line}`);
			answers += 1;
		}
		assert.equal(answers, 5);
	});
});
