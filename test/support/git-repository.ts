import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A git repository in a temporary directory. It ignores the configuration of the user and of the system. */
export class GitRepository {
	readonly directory: string;

	/** Creates an empty repository, or clones a URL. */
	constructor(...cloneArgs: readonly string[]) {
		this.directory = mkdtempSync(join(tmpdir(), 'alert24-git-'));
		if (cloneArgs.length > 0) this.git('clone', '--quiet', ...cloneArgs, '.');
		else this.git('init', '--quiet', '--initial-branch=main');
	}

	/** Runs git in the repository and returns its output. */
	git(...args: readonly string[]): string {
		const env = {
			PATH: process.env['PATH'],
			GIT_CONFIG_NOSYSTEM: '1',
			GIT_AUTHOR_NAME: 'Mona Keller',
			GIT_AUTHOR_EMAIL: 'mona.keller@shop.example',
			GIT_COMMITTER_NAME: 'Jonas Weber',
			GIT_COMMITTER_EMAIL: 'jonas.weber@shop.example',
		};
		return execFileSync('git', args, { cwd: this.directory, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
	}

	/** Commits an unchanged tree with exactly this message and returns the commit's sha. */
	commit(message: string): string {
		this.git('commit', '--quiet', '--allow-empty', '--allow-empty-message', '--cleanup=verbatim', '-m', message);
		return this.git('rev-parse', 'HEAD').trim();
	}

	[Symbol.dispose](): void {
		rmSync(this.directory, { recursive: true, force: true });
	}
}
