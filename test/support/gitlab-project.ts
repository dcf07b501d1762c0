import { execFile } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import type { ContainerEngine } from './container-engine.ts';

const projectRoot = join(import.meta.dirname, '../..');
const gitlabCiLocal = fileURLToPath(import.meta.resolve('gitlab-ci-local'));
const run = promisify(execFile);

export type PipelineRun = { exitCode: number; log: string };
export type RenderedJob = { variables?: Record<string, string>; [keyword: string]: unknown };

/** A GitLab project in a temporary directory with our components. gitlab-ci-local renders and runs its pipelines. */
export type GitlabProject = AsyncDisposable & {
	directory: string;
	commitSha: string;
	/** Renders the pipeline. Throws gitlab-ci-local's message if GitLab's JSON schema rejects it. */
	render(configuration: object | string): Promise<Record<string, RenderedJob>>;
	/** Runs the pipeline or only some of its jobs. `variables` are the project's CI/CD variables. */
	run(configuration: object | string, variables?: Record<string, string>, ...jobs: string[]): Promise<PipelineRun>;
};

/**
 * Creates the project. `commands` are shell scripts by name; they are on the PATH of its jobs. Without a container
 * engine the jobs run in this machine's shell, otherwise in their images, as the users of the images.
 */
export async function createGitlabProject(
	commands: Record<string, string> = {},
	containerEngine?: ContainerEngine,
): Promise<GitlabProject> {
	const home = await mkdtemp(join(tmpdir(), 'alert24-gitlab-project-'));
	const directory = join(home, 'shop');
	const bin = join(home, 'bin');
	// The jobs inherit only Node and PATH, and no variable of a CI that runs this test.
	const path = [bin, dirname(process.execPath), process.env['PATH']].join(delimiter);
	const env = { HOME: home, TMPDIR: home, PATH: path, NO_COLOR: '1' };
	await cp(join(projectRoot, 'templates'), join(directory, 'templates'), { recursive: true });
	await mkdir(bin);
	// gitlab-ci-local copies the project with rsync, but its shell executor does not use the copy.
	const unused: Record<string, string> = containerEngine === undefined ? { rsync: 'exit 0' } : {};
	for (const [name, script] of Object.entries({ ...unused, ...commands })) {
		await writeFile(join(bin, name), `#!/bin/sh\n${script}\n`);
		await chmod(join(bin, name), 0o755);
	}
	const commitSha = await commitEverything(directory, env);

	async function writeConfiguration(configuration: object | string) {
		const yaml = typeof configuration === 'string' ? configuration : JSON.stringify(configuration);
		await writeFile(join(directory, '.gitlab-ci.yml'), yaml);
	}

	return {
		directory,
		commitSha,
		async render(configuration) {
			await writeConfiguration(configuration);
			// gitlab-ci-local exits before it has written everything to a pipe.
			const preview = join(home, 'preview.yml');
			const script = ['-c', 'exec "$@" >"$PREVIEW"', 'sh', process.execPath, gitlabCiLocal, '--preview'];
			await run('sh', script, { env: { ...env, PREVIEW: preview }, cwd: directory });
			return parse(await readFile(preview, 'utf8'));
		},
		async run(configuration, variables = {}, ...jobs) {
			await writeConfiguration(configuration);
			const settings = { GITLAB_CI: 'true', ...variables };
			const executor =
				containerEngine === undefined
					? ['--force-shell-executor']
					: [
							`--container-executable=${containerEngine.command}`,
							`--helper-image=${await containerEngine.buildHelperImage()}`,
							'--pull-policy=if-not-present',
							'--network=host',
							// Otherwise all jobs run as root.
							'--no-umask',
						];
			// `render` validates what a test is about; the schema costs more than the rest of a run.
			const schema = '--json-schema-validation=false';
			const options = [...executor, schema, `--ignore-predefined-vars=${Object.keys(settings)}`];
			for (const [name, value] of Object.entries(settings)) options.push('--variable', `${name}=${value}`);
			// One stream keeps the order of the lines.
			const merged = ['-c', 'exec "$@" 2>&1', 'sh', process.execPath, gitlabCiLocal, ...options, ...jobs];
			try {
				return { exitCode: 0, log: (await run('sh', merged, { env, cwd: directory })).stdout };
			} catch (error) {
				const { code, stdout } = error as { code: number; stdout: string };
				return { exitCode: code, log: stdout };
			}
		},
		async [Symbol.asyncDispose]() {
			await rm(home, { recursive: true, force: true });
		},
	};
}

async function commitEverything(directory: string, env: NodeJS.ProcessEnv): Promise<string> {
	const git = (...options: string[]) => run('git', options, { cwd: directory, env });
	await git('init', '--quiet', '--initial-branch=main');
	await git('config', 'user.name', 'Ada Lovelace');
	await git('config', 'user.email', 'ada@example.com');
	await git('remote', 'add', 'origin', 'https://gitlab.example.com/acme/shop.git');
	await git('symbolic-ref', 'refs/remotes/origin/HEAD', 'refs/remotes/origin/main');
	await git('add', '.');
	await git('commit', '--quiet', '--message', 'Sell shoes');
	return (await git('rev-parse', 'HEAD')).stdout.trim();
}
