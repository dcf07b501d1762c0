import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import type { Fault } from '../../stand-in/alert24-faults.ts';
import { type Alert24StandIn, startAlert24 } from '../../stand-in/alert24-stand-in.ts';
import { runHook } from '../support/run-hook.ts';
import { gitlabJob, runInProcess } from '../support/run-in-process.ts';
import { locate, Toolbox, whyWithoutTools } from '../support/toolbox.ts';
import { VirtualClock } from '../support/virtual-clock.ts';
import { readPage } from './pages.ts';

/** A script in the manner of Alert24's documentation: curl, hand-made JSON, and jq for the message. */
const snippet = [
	'if [ "$CI_JOB_STATUS" = success ]; then',
	'curl -s -X POST "$ALERT24_API_URL/api/v1/changes" \\',
	'-H "Authorization: Bearer $ALERT24_API_KEY" -H "Content-Type: application/json" \\',
	String.raw`-d "{\"summary\": \"Deployed $CI_PROJECT_NAME\", \"environment\": \"production\", \"branch\": \"$CI_COMMIT_BRANCH\",`,
	String.raw`\"commit_message\": $(echo \"$CI_COMMIT_MESSAGE\" | jq -Rs .)}"`,
	'fi',
].join('\n');

type Situation = Readonly<{ variables?: Readonly<Record<string, string>>; fault?: Fault; path?: string }>;
type Run = Readonly<{ alert24: Alert24StandIn; exitCode: number | null; output: string }>;

async function inJob(
	{ variables = {}, fault }: Situation,
	run: (all: Readonly<Record<string, string>>, cwd: string) => Promise<Omit<Run, 'alert24'>>,
): Promise<Run> {
	await using alert24 = await startAlert24();
	if (fault !== undefined) alert24.failAlways(fault);
	const cwd = mkdtempSync(join(tmpdir(), 'alert24-comparison-'));
	for (const name of ['deploy.key', 'deploy.sh']) writeFileSync(join(cwd, name), '');
	const own = {
		...gitlabJob,
		CI_JOB_STATUS: 'success',
		CI_ENVIRONMENT_NAME: 'production',
		ALERT24_API_KEY: alert24.apiKey,
		ALERT24_API_URL: alert24.url,
		ALERT24_LOOKUP: 'never',
		ALERT24_UNDELIVERED_DIR: join(cwd, 'undelivered'),
	};
	try {
		return { alert24, ...(await run({ ...own, ...variables }, cwd)) };
	} finally {
		rmSync(cwd, { recursive: true });
	}
}

const runSnippet = (situation: Situation = {}) =>
	inJob(situation, async (all, cwd) => {
		const env = { ...all, PATH: situation.path ?? process.env['PATH'] };
		const limitSeconds = situation.fault?.kind === 'silence' ? '1' : '60';
		const args = ['--signal=KILL', limitSeconds, locate('bash'), '--norc', '-c', snippet];
		const child = spawn(locate('timeout'), args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
		let output = '';
		for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
		const [exitCode] = (await once(child, 'close')) as [number | null];
		return { exitCode, output };
	});

const runOurs = (situation: Situation = {}) =>
	inJob(situation, async (all) => {
		const { exitCode, stdout, stderr } = await runInProcess([], all, { clock: new VirtualClock() });
		return { exitCode, output: stdout + stderr };
	});

const message = 'Match * in "path"\n\nAll of them\n';
const tag: Situation = { variables: { CI_COMMIT_BRANCH: '', CI_COMMIT_TAG: 'v1.2.3' } };

/** Asserts what each row of the table states. */
const rows: Readonly<Record<string, () => Promise<void>>> = {
	'commit message `Match * in "path"`': async () => {
		const variables = { CI_COMMIT_MESSAGE: message };
		const [theirs] = (await runSnippet({ variables })).alert24.changes;
		assert.equal(theirs?.['commit_message'], '"Match deploy.key deploy.sh in "path" All of them "\n');
		const [ours] = (await runOurs({ variables })).alert24.changes;
		assert.equal(ours?.['commit_message'], message.trimEnd());
	},
	'a `"` in a branch name': async () => {
		const variables = { CI_COMMIT_BRANCH: 'say-"hi"' };
		const { alert24, exitCode } = await runSnippet({ variables });
		assert.deepEqual([exitCode, alert24.changes], [0, []]);
		assert.equal((await runOurs({ variables })).alert24.changes[0]?.['branch'], 'say-"hi"');
	},
	'Alert24 answers 401 or 500': async () => {
		const fault: Fault = { kind: 'status', status: 500 };
		const theirs = await runSnippet({ fault });
		assert.deepEqual([theirs.exitCode, theirs.alert24.changes], [0, []]);
		const variables = { ALERT24_API_KEY: 'ak_live_00000000000000000000000000000000' };
		assert.equal((await runSnippet({ variables })).exitCode, 0);
		const ours = await runOurs({ fault });
		assert.match(ours.output, /NOT RECORDED: .*Alert24 answered 500/);
		assert.match((await runOurs({ variables })).output, /NOT RECORDED: .*Alert24 answered 401/);
	},
	'Alert24 does not answer': async () => {
		const fault: Fault = { kind: 'silence' };
		assert.notEqual((await runSnippet({ fault })).exitCode, 0, 'it was killed while it waited');
		const ours = await runOurs({ fault, variables: { ALERT24_TIMEOUT: '4' } });
		assert.deepEqual([ours.exitCode, ours.alert24.changes], [5, []]);
		assert.match(ours.output, /NOT (RECORDED|CONFIRMED): .*alert24-notify replay/s);
	},
	'a failed deployment': async () => {
		const variables = { CI_JOB_STATUS: 'failed' };
		assert.deepEqual((await runSnippet({ variables })).alert24.changes, []);
		const { alert24 } = await runOurs({ variables: { ...variables, ALERT24_RECORD_FAILURES: 'true' } });
		assert.match(String(alert24.changes[0]?.summary), /^Failed to deploy /);
	},
	'a tag pipeline': async () => {
		const [post] = (await runSnippet(tag)).alert24.posts;
		assert.match(post?.body ?? '', /"branch": ""/);
		const [ours] = (await runOurs(tag)).alert24.changes;
		assert.equal(ours?.['branch'], undefined);
		assert.match(
			`${ours?.summary} ${ours?.['description']} ${ours?.['tags']}`,
			/v1\.2\.3 .*Git tag: v1\.2\.3.*v1\.2\.3$/s,
		);
	},
	'needs in the deploy image': async () => {
		using toolbox = new Toolbox('curl and gawk');
		const { alert24 } = await runSnippet({ path: toolbox.path });
		assert.deepEqual(alert24.changes, [], 'without jq the JSON is invalid');
		const hook = await inJob({}, async (all) => {
			const { exitCode, stdout } = await runHook(all, { shell: 'dash', path: toolbox.path });
			return { exitCode, output: stdout };
		});
		assert.match(hook.output, /^Recorded: /);
	},
};

const skip = whyWithoutTools || (process.env['CI'] !== 'true' && !hasJq() && 'jq is not installed');

suite('the comparison in the README', { skip, concurrency: 4 }, () => {
	const [, section = ''] = readPage('README.md').split('## Compared with a pasted snippet');
	const [, , ...lines] = section.split('\n## ')[0]?.match(/^\|.*\|$/gm) ?? [];
	const titles = lines.map((line) => line.split('|')[1]?.trim() ?? '');

	test('has the rows that this test checks', () => assert.deepEqual(titles, Object.keys(rows)));

	for (const [title, check] of Object.entries(rows)) test(`is true for: ${title}`, check);
});

function hasJq(): boolean {
	try {
		return locate('jq') !== '';
	} catch {
		return false;
	}
}
