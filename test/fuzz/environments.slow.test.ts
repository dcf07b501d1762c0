import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import fc from 'fast-check';
import { findViolations } from '../../src/change/validate-change.ts';
import { retryPolicy } from '../../src/delivery/retry-policy.ts';
import { truncate } from '../../src/text/truncate.ts';
import type { SentChange } from '../../stand-in/alert24-api.ts';
import { type Alert24StandIn, startAlert24 } from '../../stand-in/alert24-stand-in.ts';
import type { GitlabScenario } from '../../stand-in/gitlab-scenario.ts';
import { startGitlab } from '../../stand-in/gitlab-stand-in.ts';
import { runHook, type Shell, shellNames } from '../support/run-hook.ts';
import { gitlabJob, runInProcess } from '../support/run-in-process.ts';
import { Toolbox, type ToolboxKind, toolboxKinds, whyWithoutTools } from '../support/toolbox.ts';
import { VirtualClock } from '../support/virtual-clock.ts';
import { environmentRegressions } from './environment-regressions.ts';
import { fuzzSeed } from './fuzz-seed.ts';
import { type EnvironmentRow, jobs, randomEnvironments, servers } from './random-environment.ts';
import { assertKeepsSecrets, secrets } from './secrets.ts';

const environments = { hook: 300, 'command alone': 135 };
const atOnce = 3;
const seed = fuzzSeed();
const policy = { ...retryPolicy, firstAttemptMs: 2000, attemptMs: 2000, lookupMs: 2000 };

const directory = await mkdtemp(join(tmpdir(), 'alert24-environments-'));
after(() => rmSync(directory, { recursive: true, force: true }));
const toolboxes = toolboxKinds.map((kind: ToolboxKind) => new Toolbox(kind));
after(() => {
	for (const toolbox of toolboxes) toolbox[Symbol.dispose]();
});
let runs = 0;

/** The end of a run of the command or the hook, and what Alert24 stored in it. */
type Trial = Readonly<{ exitCode: number | null; stdout: string; stderr: string; stored: readonly SentChange[] }>;
type Variables = Readonly<Record<string, string>>;

suite(`a random environment, seed ${seed},`, { concurrency: atOnce }, () => {
	for (const [index, row] of environmentRegressions.entries()) {
		test(`keeps the promises in row ${index + 1} of the regression list`, () => checkEnvironment(row));
	}
	for (const [kind, count] of Object.entries(environments)) {
		for (let part = 0; part < atOnce; part += 1) {
			test(`keeps the promises in ${count} jobs for the ${kind}, part ${part + 1} of ${atOnce}`, async () => {
				const rows = randomEnvironments.filter((row) => hasHook(row) === (kind === 'hook'));
				await fc.assert(fc.asyncProperty(rows, checkEnvironment), {
					seed: seed + part,
					numRuns: count / atOnce,
					interruptAfterTimeLimit: 900_000,
					markInterruptAsFailure: true,
				});
			});
		}
	}
});

/** Returns true for the jobs in which the hook runs beside the command. */
function hasHook({ job }: EnvironmentRow): boolean {
	return job === 'deploy job' || job === 'both CIs';
}

async function checkEnvironment(row: EnvironmentRow): Promise<void> {
	await using world = new AsyncDisposableStack();
	const variables = { ...(await buildVariables(row, world)) };
	const command = await checkCommand(row, variables);
	if (process.env['FUZZ_HOOK'] === '0' || whyWithoutTools !== false || !hasHook(row)) return;
	for (const [index, shell] of shellNames.entries()) {
		const hook = await checkHook(row, variables, shell, toolboxes[index]?.path ?? '');
		if (row.bytes !== undefined || variables['ALERT24_LOOKUP'] !== 'never' || row.server !== 'healthy') continue;
		if (command.stored.length > 0 && hook.stored.length > 0) {
			const sort = (changes: readonly SentChange[]) =>
				changes.map((change) => JSON.stringify(change, Object.keys(change).sort())).sort();
			assert.deepEqual(
				sort(hook.stored).map((x) => JSON.parse(x)),
				sort(command.stored).map((x) => JSON.parse(x)),
				describe({ ...variables, shell }, ''),
			);
		}
	}
}

async function buildVariables(row: EnvironmentRow, world: AsyncDisposableStack): Promise<Variables> {
	const gitlab = world.use(await startGitlab(buildScenario(row), { jobToken: secrets.jobToken }));
	const api =
		row.outcome === undefined
			? { ALERT24_LOOKUP: 'never' }
			: { CI_API_V4_URL: `${gitlab.url}/api/v4`, CI_JOB_TOKEN: gitlab.jobToken };
	const all: Record<string, string> = { ALERT24_API_KEY: secrets.apiKey, ...jobs[row.job], ...api, ...row.set };
	for (const name of row.removed) delete all[name];
	return all;
}

function buildScenario({ outcome = 'success', set }: EnvironmentRow): GitlabScenario {
	const { CI_PROJECT_ID: id, CI_PROJECT_PATH: path, CI_COMMIT_SHA: sha, CI_PIPELINE_ID: pipeline } = gitlabJob;
	// GitLab's API does not expand `$NAME`.
	const message = (set['CI_COMMIT_MESSAGE'] ?? '')
		.replaceAll(secrets.databasePassword, '$DB_PASSWORD')
		.replaceAll(secrets.deployToken, '$DEPLOY_CREDENTIALS')
		.replaceAll(jobs['deploy job']?.['CI_REPOSITORY_URL'] ?? '', '$CI_REPOSITORY_URL');
	const times = { startedAt: '2026-11-22T05:00:00.000Z', finishedAt: '2026-11-22T05:01:00.000Z' };
	return {
		project: { id: Number(id), path },
		commits: [{ sha, message }],
		jobs: [{ id: 903312, pipeline: Number(pipeline), name: 'deploy', sha, status: outcome, ...times }],
		deployments: [{ id: 1, environment: 'production', job: 903312 }],
	};
}

/** Runs the command, and checks the promises that hold whatever the variables contain. */
/**
 * The secrets that the program can recognize: a token in a variable of the user's is a text like any other outside of a
 * CI.
 */
function listSecrets(variables: Readonly<Record<string, string | undefined>>): string[] {
	const { proxyUser, jobToken, ...others } = secrets;
	return variables['CI_JOB_TOKEN'] === jobToken ? [...Object.values(others), jobToken] : Object.values(others);
}

async function checkCommand(row: EnvironmentRow, variables: Variables): Promise<Trial> {
	await using alert24 = await startServer(row);
	const folder = makeFolder(row);
	const all = { ...variables, ALERT24_API_URL: alert24.url, ALERT24_UNDELIVERED_DIR: folder };
	const run = await runInProcess([], all, { clock: new VirtualClock(), policy });
	const { exitCode, stdout, stderr } = run;
	const output = describe(all, stdout + stderr);
	const isDryRun = variables['ALERT24_DRY_RUN'] === 'true';
	const stored = [...alert24.sentChanges];
	checkRecords(row, variables, stored, output);
	for (const change of stored) assert.deepEqual(findViolations(change), [], output);
	assertClean(stdout + stderr, output);
	const claims = count(stdout, /^(Recorded|Already recorded): /gm);
	if (isDryRun || hasList(variables, stored)) assert.equal(claims, isDryRun ? 0 : stored.length, output);
	assert.ok([0, 2, 3, 4, 5].includes(exitCode), output);
	const kept = readKept(folder);
	const places = { command: stdout + stderr, folder: kept, requests: listRequests(alert24) };
	assertKeepsSecrets(places, listSecrets(variables));
	if (exitCode === 0) {
		assert.ok(isDryRun || stored.length > 0 || /^Not recorded: /m.test(stdout), output);
		assert.equal(kept, '', output);
	} else if (exitCode >= 4) {
		assert.match(stderr, /^alert24-notify: (NOT RECORDED|NOT CONFIRMED): /m, output);
		if (hasList(variables, stored)) await checkReplay(alert24, folder, stderr, output);
	} else {
		assert.match(stderr, /^alert24-notify: ./, output);
		assert.deepEqual(stored, [], output);
		// The only mistake: the change is kept as well.
		const problems = count(stderr, /^alert24-notify: /gm);
		if (stderr.includes('ALERT24_API_KEY is not set') && problems === 1)
			await checkReplay(alert24, folder, stderr, output);
	}
	return { exitCode, stdout, stderr, stored };
}

/** Runs the hook, and checks the promises that it makes to the deployment and to Alert24. */
async function checkHook(row: EnvironmentRow, variables: Variables, shell: Shell, path: string): Promise<Trial> {
	await using alert24 = await startServer(row);
	const octal = (row.bytes ?? []).map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');
	const before =
		row.bytes === undefined
			? ':'
			: `CI_COMMIT_MESSAGE=\${CI_COMMIT_MESSAGE:-}$(printf '${octal}'); export CI_COMMIT_MESSAGE`;
	// The pauses of busybox's shell are real.
	const patience = row.server === 'healthy' ? {} : { ALERT24_TIMEOUT: '3' };
	const all = Object.fromEntries(
		Object.entries({ ...variables, ...patience, ALERT24_API_URL: alert24.url }).map(([name, value]) => [
			name,
			value.toWellFormed(),
		]),
	);
	const run = await runHook(all, { shell, path, before });
	const { exitCode, stdout, stderr, files, durationMs } = run;
	const output = describe({ ...all, shell }, stdout + stderr);
	const isDryRun = /^(true|1|yes)$/i.test(variables['ALERT24_DRY_RUN'] ?? '');
	const stored = [...alert24.sentChanges];
	assert.equal(exitCode, 0, output);
	assert.deepEqual(files, [], output);
	assert.ok(durationMs < 60_000, output);
	// The hook runs only in jobs of GitLab, and does not validate values set by hand.
	checkRecords(row, { ...variables, GITLAB_CI: 'true' }, stored, output);
	assertKeepsSecrets({ hook: stdout + stderr, requests: listRequests(alert24) });
	if (row.bytes === undefined) assertClean(stdout + stderr, output);
	const claims = count(stdout, /^(Recorded|Already recorded): /gm);
	assert.ok(claims <= stored.length, output);
	if (row.server === 'healthy' && !isDryRun) assert.equal(claims, stored.length, output);
	const excuses = count(stdout + stderr, /^(Not recorded|NOT RECORDED|NOT CONFIRMED): /gm);
	assert.ok(isDryRun || claims + excuses > 0, output);
	if (/^\{"format"/m.test(stderr) && row.bytes === undefined && hasList(variables, stored))
		await checkReplay(alert24, undefined, stderr, output, findViolationsIn(stderr));
	return { exitCode, stdout, stderr, stored };
}

/** Every change that the folder or the log keeps is recorded by a replay, once. */
async function checkReplay(
	alert24: Alert24StandIn,
	folder: string | undefined,
	log: string,
	output: string,
	isInvalid = false,
): Promise<void> {
	alert24.heal();
	const isFolder = folder !== undefined && (statSync(folder, { throwIfNoEntry: false })?.isDirectory() ?? false);
	const inbox = join(directory, `${++runs}`);
	const job = { ALERT24_API_KEY: secrets.apiKey, ALERT24_API_URL: alert24.url, ALERT24_UNDELIVERED_DIR: inbox };
	const run = await runInProcess(['replay', isFolder ? folder : '-'], job, {
		clock: new VirtualClock(),
		policy,
		stdin: log,
	});
	const all = `${output}\nreplay:\n${run.stdout}${run.stderr}`;
	// The hook does not validate values set by hand: Alert24 and the replay do.
	if (isInvalid) return;
	assert.equal(run.exitCode, 0, all);
	assert.ok(count(run.stdout, /^(Recorded|Already recorded): /gm) > 0, all);
	const ids = alert24.sentChanges.map(({ external_id: id }) => id).filter((id) => id !== undefined);
	assert.equal(new Set(ids).size, ids.length, all);
}

/** No record of a deployment that did not happen, and no success of one that failed. */
function checkRecords(row: EnvironmentRow, variables: Variables, stored: readonly SentChange[], output: string): void {
	const expected = findOutcome(row, variables);
	for (const change of stored) {
		assert.ok(expected !== undefined, `nothing was deployed:\n${output}`);
		if (expected === 'success') continue;
		assert.match(variables['ALERT24_RECORD_FAILURES'] ?? '', /^(true|1|yes)$/i, output);
		assert.ok((change['tags'] as string[]).includes(expected), output);
		const words = { failed: /^Failed/, canceled: /^Cancele?d/, timedout: /^Timed out/ }[expected];
		assert.match(String(change['summary']), words ?? /^$/, output);
	}
}

/** Returns the outcome by the documentation's table; undefined if nothing may be recorded. */
function findOutcome(
	{ outcome }: EnvironmentRow,
	variables: Variables,
): 'success' | 'failed' | 'canceled' | 'timedout' | undefined {
	const read = (name: string) => variables[name] || undefined;
	const known = (status: string) =>
		(['success', 'failed', 'canceled', 'timedout'] as const).find((one) => one === status);
	const given = read('ALERT24_STATUS');
	const isGitlab = read('GITLAB_CI') === 'true';
	if (isGitlab && read('CI_ENVIRONMENT_ACTION') === 'stop' && read('ALERT24_DEPLOY_JOB') === undefined)
		return undefined;
	if (given !== undefined) return known(given);
	if (!isGitlab) {
		if (read('BITBUCKET_BUILD_NUMBER') === undefined) return undefined;
		return (read('BITBUCKET_EXIT_CODE') ?? '0') === '0' ? 'success' : 'failed';
	}
	const status = read('CI_JOB_STATUS') ?? 'running';
	const needed = ['CI_API_V4_URL', 'CI_JOB_TOKEN', 'CI_PROJECT_ID', 'CI_PIPELINE_ID'];
	const isLookedUp =
		read('ALERT24_DEPLOY_JOB') === 'deploy' && needed.every(read) && (read('ALERT24_LOOKUP') ?? 'auto') === 'auto';
	if (isLookedUp && outcome !== undefined) return outcome;
	return status === 'running' ? 'success' : known(status);
}

/** Without an external id, or if the user forbids it, no list can show a record whose response was lost. */
function hasList(variables: Variables, stored: readonly SentChange[]): boolean {
	return variables['ALERT24_DEDUPE'] !== 'never' && stored.every(({ external_id: id }) => id !== undefined);
}

async function startServer({ server }: EnvironmentRow): Promise<Alert24StandIn> {
	const alert24 = await startAlert24({ keys: { [secrets.apiKey]: 'write' } });
	alert24.failAlways(servers[server]);
	return alert24;
}

function makeFolder({ folder }: EnvironmentRow): string {
	const path = join(directory, `${++runs}`);
	switch (folder) {
		case 'plain':
			return path;
		case 'odd name':
			return `${path} 'a' "b" $(id)\n\u001b[31m é`;
		case 'a file':
			writeFileSync(path, 'taken');
			return path;
		case 'not writable':
			return `/proc/alert24-fuzz-${runs}`;
	}
}

function readKept(folder: string): string {
	if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return '';
	return readdirSync(folder)
		.map((name) => readFileSync(join(folder, name), 'utf8'))
		.join('\n');
}

/** Returns true if a change in the log breaks the schema. */
function findViolationsIn(log: string): boolean {
	const lines = log.split('\n').filter((line) => line.startsWith('{"format"'));
	return lines.some((line) => findViolations(JSON.parse(line).change).length > 0);
}

function listRequests({ requests }: Alert24StandIn): string {
	return JSON.stringify(
		requests.map(({ path, headers: { authorization: _, ...headers }, body }) => [path, headers, body]),
	);
}

// No text of the environment forges a line or steers the terminal.
function assertClean(text: string, output: string): void {
	assert.doesNotMatch(text.replaceAll('\n', ''), /\p{Cc}/u, output);
	assert.doesNotMatch(text, /section_(start|end):/, output);
	assert.doesNotMatch(text, /^\s+at /m, output);
}

function describe(variables: Variables, output: string): string {
	const shortened = Object.entries(variables).map(([name, value]) => [name, truncate(value, 200)]);
	return `${JSON.stringify(Object.fromEntries(shortened))}\n${truncate(output, 8000)}`;
}

function count(text: string, pattern: RegExp): number {
	return text.match(pattern)?.length ?? 0;
}
