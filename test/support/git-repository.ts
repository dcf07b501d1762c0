import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A git repository in a temporary directory, for tests; it knows no configuration but its own. */
export class GitRepository {
	readonly directory: string;

	/** Makes an empty one, or clones from a URL. */
	constructor(...cloneArgs: readonly string[]) {
		this.directory = mkdtempSync(join(tmpdir(), 'alert24-git-'));
		if (cloneArgs.length > 0) this.git('clone', '--quiet', ...cloneArgs, '.');
		else this.git('init', '--quiet', '--initial-branch=main');
	}

	/** Runs git there; gives what it printed. */
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

	/** Commits nothing but a message, as it is; gives the commit's name. */
	commit(message: string): string {
		this.git('commit', '--quiet', '--allow-empty', '--allow-empty-message', '--cleanup=verbatim', '-m', message);
		return this.git('rev-parse', 'HEAD').trim();
	}

	[Symbol.dispose](): void {
		rmSync(this.directory, { recursive: true, force: true });
	}
}
