import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import manifest from '../../package.json' with { type: 'json' };
import { type Alert24StandIn, startAlert24 } from '../../stand-in/alert24-stand-in.ts';
import { startGitlab } from '../../stand-in/gitlab-stand-in.ts';
import { isPipelinesPart } from '../support/bitbucket-schemas.ts';
import { bitbucketStep } from '../support/bitbucket-step.ts';
import { gitlabJob, type RunResult, runInProcess } from '../support/run-in-process.ts';
import { findMistakes, listInclusions } from './components.ts';
import { type Block, exists, pages, parseYaml, readBlocks, readPage } from './pages.ts';

const yamlBlocks = pages.flatMap((page) => readBlocks(page, 'yaml'));
const shellBlocks = pages.flatMap((page) => readBlocks(page, 'sh'));
const nameOf = ({ page, line }: Block) => `${page}:${line}`;
const parseSnippet = ({ text }: Block) => parseYaml(text);

suite('YAML in the docs', () => {
	test('is valid as YAML 1.1', () => {
		assert.ok(yamlBlocks.length >= 20);
		for (const block of yamlBlocks) assert.doesNotThrow(() => parseSnippet(block), nameOf(block));
	});

	test('sets inputs that the components have, with values that GitLab accepts', () => {
		const included = yamlBlocks.filter(({ text }) => text.includes('component:'));
		assert.ok(included.length >= 7);
		for (const block of included) {
			const pipeline = parseSnippet(block);
			assert.ok(listInclusions(pipeline).length > 0, nameOf(block));
			assert.deepEqual(findMistakes(pipeline), [], nameOf(block));
		}
	});

	test('is rejected with a wrong input, a value that YAML 1.1 reads as false, or a missing one', () => {
		const notify = `gitlab.com/alert24/alert24-notify/notify@${manifest.version}`;
		const include = (inputs: string) => parseYaml(`include: [{component: ${notify}, inputs: {${inputs}}}]`);
		const good = 'deploy_job: deploy, environment: production';
		assert.deepEqual(findMistakes(include(good)), []);
		assert.deepEqual(findMistakes(include(`${good}, lookup: off`)), ['notify: lookup must not be of type boolean']);
		assert.deepEqual(findMistakes(include(`${good}, lookup: sometimes`)), ['notify: lookup must not be sometimes']);
		assert.deepEqual(findMistakes(include(`${good}, service: svc_1`)), ['notify: service does not exist']);
		assert.deepEqual(findMistakes(include('deploy_job: deploy')), ['notify requires environment']);
	});

	test('is valid for Bitbucket where it has a step or a pipe', () => {
		const parts = yamlBlocks.filter(({ text }) => /^\s*- (step|pipe):/m.test(text));
		assert.ok(parts.some(({ page }) => page === 'README.md') && parts.length >= 7);
		for (const block of parts) assert.ok(isPipelinesPart(parseSnippet(block)), nameOf(block));
	});

	test('records with each call of the command in a job or step', async () => {
		const calls = yamlBlocks.flatMap((block) => findCalls(parseSnippet(block)).map((call) => ({ ...call, block })));
		assert.ok(calls.length >= 4);
		for (const { args, variables, block } of calls) {
			await using trial = await Trial.start();
			const ci = block.page.includes('bitbucket') ? bitbucketStep : gitlabJob;
			const { exitCode, stderr } = await trial.run(args, { ...ci, ...variables });
			assert.equal(exitCode, 0, `${nameOf(block)}: ${args.join(' ')}: ${stderr}`);
		}
	});
});

suite('the deploy job in docs/image.md, whose image contains the program', () => {
	test('stores the folder of the undelivered changes as an artifact, also if it fails', () => {
		const jobs = yamlBlocks
			.filter(({ page }) => page === 'docs/image.md')
			.map((block) => parseSnippet(block) as Record<string, { extends?: string; artifacts?: unknown }>)
			.flatMap(Object.values)
			.filter((job) => job.extends === '.alert24');
		assert.deepEqual(
			jobs.map(({ artifacts }) => artifacts),
			[{ when: 'always', paths: ['alert24-undelivered'], expire_in: '30 days' }],
		);
	});
});

suite('JSON in the docs', () => {
	test('is the result that the command prints', async () => {
		const [block] = readBlocks('docs/delivery.md', 'json');
		await using trial = await Trial.start();
		const variables = { ...gitlabJob, CI_ENVIRONMENT_NAME: 'production', ALERT24_SERVICE_ID: 'svc_abc123' };
		const { stdout } = await trial.run(['--output', 'json'], { ...variables, CI_JOB_STATUS: 'success' });
		const { id } = trial.alert24.changes[0] ?? {};
		const [, requestId] = /"request_id":\s*"([^"]+)"/.exec(stdout) ?? [];
		const printed = stdout
			.replace(String(id), 'chg_1')
			.replace(String(requestId), 'req_1')
			.replaceAll('svc_abc123', 'svc_1');
		assert.deepEqual(JSON.parse(printed), JSON.parse(block?.text ?? ''));
	});
});

suite('a line of the log in the docs', () => {
	test('is the one that an audit by sync prints', async () => {
		const [, line = '', count, recorded] =
			/^`((\d+) deployments of .* in GitLab: (\d+) recorded, \d+ missing)`/m.exec(readPage('docs/sync.md')) ?? [];
		await using trial = await Trial.start();
		const now = new Date().toISOString();
		const { CI_COMMIT_SHA: sha } = gitlabJob;
		const deployments = Array.from({ length: Number(count) }, (_, index) => ({
			id: index + 1,
			environment: 'production',
			sha,
			createdAt: now,
			updatedAt: now,
		}));
		const project = { id: 4711, path: 'shop/web-shop' };
		await using gitlab = await startGitlab({ project, deployments: deployments.slice(0, Number(recorded)) });
		const variables = { ...gitlabJob, ...gitlab.variables };
		assert.equal((await trial.run(['sync'], variables)).exitCode, 0);
		gitlab.scenario = { project, deployments };
		const { stdout } = await trial.run(['sync', '--dry-run'], variables);
		assert.ok(stdout.includes(`\n${line}\n`), stdout);
	});
});

suite('shell commands in the docs', () => {
	const lines = shellBlocks.flatMap((block) =>
		block.text
			.replace(/\\\n\s*/g, '')
			.trimEnd()
			.split('\n')
			.map((line) => ({ line: line.replace(/\s+#.*$/, ''), block })),
	);

	test('replay what the page describes', async () => {
		const replays = lines.filter(({ line }) => line.startsWith('alert24-notify '));
		assert.equal(replays.length, 3);
		for (const { line } of replays) {
			await using trial = await Trial.start();
			const { stdout, folder } = await trial.fail();
			const [words = '', file] = line.split(' <');
			const args = words
				.split(' ')
				.slice(1)
				.map((word) => (word === 'alert24-undelivered' ? folder : word));
			const log = `2026-11-20T09:14:46Z 01O ${await trial.readLine(folder)}\n`;
			const run = await trial.run(args, {}, file === undefined ? '' : `${stdout}${log}`);
			assert.equal(run.exitCode, 0, run.stderr);
			assert.equal(trial.alert24.changes.length, line.includes('--dry-run') ? 0 : 1, line);
		}
	});

	test('in the text exist, with their options', async () => {
		const inline = pages
			.filter((page) => page !== 'CHANGELOG.md')
			.flatMap((page) => [...readPage(page).matchAll(/`(?:node alert24-notify\.js|alert24-notify)((?: [^`]+)?)`/g)])
			.map(([, words = '']) => words.trim().split(/\s+/));
		const calls = new Map(inline.map((words) => [words.join(' '), words]));
		assert.ok(calls.size >= 10, [...calls.keys()].join());
		for (const [call, words] of calls) {
			const command = words.slice(0, words[0]?.startsWith('-') ? 0 : 1).filter((word) => word !== '');
			const { exitCode, stdout } = await runInProcess([...command, '--help'], {});
			assert.equal(exitCode, 0, call);
			assert.ok(
				command.every((word) => stdout.includes(`alert24-notify ${word}`)),
				call,
			);
			for (const option of call.match(/--[\w-]+/g) ?? []) assert.ok(stdout.includes(option), `${call}: ${option}`);
		}
	});

	test('name scripts and files of this project', () => {
		const inline = pages.flatMap((page) => [...readPage(page).matchAll(/`(npm [^`]+)`/g)].map(([, line = '']) => line));
		const blocks = lines.map(({ line }) => line).filter((line) => line.startsWith('npm '));
		assert.ok(inline.length >= 15 && blocks.length >= 3);
		for (const line of [...inline, ...blocks]) {
			for (const [, script = ''] of line.matchAll(/npm run (?:--silent )?([\w:]+)/g)) {
				assert.ok(script in manifest.scripts, line);
			}
			for (const [path] of line.matchAll(/\btest\/[\w/.-]+\.ts/g)) assert.ok(exists(path), line);
		}
	});

	test('are all executed, or call a program that is not ours', () => {
		const others = lines
			.filter(({ line }) => !/^(npm|alert24-notify) /.test(line))
			.map(({ line }) => line.split(' ')[0]);
		assert.deepEqual([...new Set(others)].sort(), ['cosign', 'docker', 'skopeo']);
	});
});

type Call = Readonly<{ args: readonly string[]; variables: Readonly<Record<string, string>> }>;

/** Returns each call of the command in a `script` or `after-script`, with the variables of its job. */
function findCalls(node: unknown): Call[] {
	if (Array.isArray(node)) return node.flatMap(findCalls);
	if (typeof node !== 'object' || node === null) return [];
	const { script = [], 'after-script': afterScript = [], variables = {}, ...others } = node as Record<string, unknown>;
	const calls = [script, afterScript]
		.flat()
		.filter((line) => typeof line === 'string' && /(^|\s)(alert24-notify|node alert24-notify\.js)(\s|$)/.test(line))
		.map((line): Call => {
			// Options of the job would reach the program, which prints warnings or ends with 9.
			const isolation = /^NODE_OPTIONS= NODE_DEBUG= /;
			assert.match(String(line), isolation);
			const words = String(line)
				.replace(isolation, '')
				.replace(/^node alert24-notify\.js/, 'alert24-notify')
				.replace(/ \|\| true$/, '')
				.split(' ');
			return { args: words.slice(1), variables: variables as Record<string, string> };
		});
	return [...calls, ...findCalls(Object.values(others))];
}

/** A change log, and a folder for undelivered changes. */
class Trial implements AsyncDisposable {
	readonly alert24: Alert24StandIn;
	readonly directory: string;

	constructor(alert24: Alert24StandIn, directory: string) {
		this.alert24 = alert24;
		this.directory = directory;
	}

	static async start(): Promise<Trial> {
		return new Trial(await startAlert24({ services: ['svc_abc123'] }), await mkdtemp(join(tmpdir(), 'alert24-docs-')));
	}

	run(args: readonly string[], variables: Readonly<Record<string, string>>, stdin = ''): Promise<RunResult> {
		const own = {
			ALERT24_API_KEY: this.alert24.apiKey,
			ALERT24_API_URL: this.alert24.url,
			ALERT24_UNDELIVERED_DIR: join(this.directory, 'other'),
		};
		return runInProcess(args, { ...own, ...variables }, { stdin });
	}

	/** Leaves an undelivered change in a folder. */
	async fail(): Promise<RunResult & { folder: string }> {
		const folder = join(this.directory, 'alert24-undelivered');
		const key = { ALERT24_API_KEY: 'ak_live_00000000000000000000000000000000', ALERT24_UNDELIVERED_DIR: folder };
		const run = await this.run([], { ...gitlabJob, ...key, ALERT24_ENVIRONMENT: 'production' });
		assert.equal(run.exitCode, 4);
		return { ...run, folder };
	}

	/** Returns the undelivered change as the line that the hook prints. */
	async readLine(folder: string): Promise<string> {
		const [file = ''] = await readdir(folder);
		return JSON.stringify(JSON.parse(await readFile(join(folder, file), 'utf8')));
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.alert24.close();
		await rm(this.directory, { recursive: true, force: true });
	}
}
