import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

const projectRoot = new URL('../..', import.meta.url).pathname;

export type ContainerRun = Readonly<{ exitCode: number | null; stdout: string; stderr: string }>;

/** The command line of Podman or Docker. */
export class ContainerEngine {
	readonly command: string;

	constructor(command: string) {
		this.command = command;
	}

	/** Runs the engine with these arguments. The engine inherits the environment of this process; containers do not. */
	async run(
		args: readonly string[],
		interrupt?: { readonly when: Promise<unknown>; readonly with: readonly string[] },
	): Promise<ContainerRun> {
		const child = spawn(this.command, args, { cwd: projectRoot, stdio: ['ignore', 'pipe', 'pipe'] });
		void interrupt?.when.then(() => spawnSync(this.command, interrupt.with));
		const streams = [text(child.stdout), text(child.stderr)] as const;
		const [exitCode] = (await once(child, 'close')) as [number | null];
		const [stdout, stderr] = await Promise.all(streams);
		return { exitCode, stdout, stderr };
	}

	/** Runs the engine with these arguments and returns stdout. Throws an Error with stderr if the engine fails. */
	async expect(args: readonly string[]): Promise<string> {
		const { exitCode, stdout, stderr } = await this.run(args);
		if (exitCode !== 0) throw new Error(`${this.command} ${args.join(' ')} ended with ${exitCode}:\n${stderr}`);
		return stdout;
	}

	/**
	 * Builds the project's image from this worktree and returns its name. If ALERT24_IMAGE names an image, returns that
	 * one instead and pulls it if the machine lacks it.
	 */
	async buildImage(name: string, ...args: readonly string[]): Promise<string> {
		const built = process.env['ALERT24_IMAGE'];
		if (built !== undefined && built !== '') {
			const { exitCode } = await this.run(['image', 'inspect', built]);
			if (exitCode !== 0) await this.expect(['pull', '--quiet', built]);
			return built;
		}
		await this.expect(['build', '--quiet', '--tag', name, ...args, '.']);
		return name;
	}

	/** Builds the image in which gitlab-ci-local copies files, and returns its name. */
	async buildHelperImage(): Promise<string> {
		const name = 'localhost/alert24-notify-helper:test';
		await this.expect([
			'build',
			'--quiet',
			'--tag',
			name,
			'--file=test/support/helper-image.Dockerfile',
			'test/support',
		]);
		return name;
	}
}

const engine = ['podman', 'docker'].find((command) => spawnSync(command, ['info']).status === 0);

/**
 * The engine, and the reason to skip the tests that need one. With CI=true the reason is always false, so that a missing
 * engine fails the tests.
 */
export const containers = {
	engine: new ContainerEngine(engine ?? 'podman'),
	skip: engine === undefined && process.env['CI'] !== 'true' ? 'neither podman nor docker runs on this machine' : false,
} as const;
