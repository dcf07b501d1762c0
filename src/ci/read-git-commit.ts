import { join } from 'node:path';
import type { Log } from '../log/log.ts';
import { quote } from '../text/visible-text.ts';
import type { CommitQuery, GitCommit } from './git-commit.ts';

const timeLimitMs = 2000;
const largestAnswer = 16 * 1024 * 1024;

/**
 * Reads a commit from the clone with the program `git`, without a shell, within two seconds. Returns undefined, and
 * logs the reason as a detail, if there is no git, no clone or no such commit.
 */
export async function readGitCommit(query: CommitQuery, log: Log, signal: AbortSignal): Promise<GitCommit | undefined> {
	try {
		return await askGit(query, signal);
	} catch (error) {
		const reason = error instanceof Error ? error.message : error;
		log.detail(`git cannot read commit ${query.sha}: ${quote(reason)}`);
		return undefined;
	}
}

async function askGit({ sha, directory, searchPath }: CommitQuery, signal: AbortSignal): Promise<GitCommit> {
	// Loaded here, because few jobs need it.
	const { execFile } = await import('node:child_process');
	const args = [
		// In a pipe the repository belongs to another user. git checks the owner only of a repository that it finds by
		// itself, and before 2.38 it ignores `safe.directory` on its command line.
		`--git-dir=${join(directory, '.git')}`,
		...['-c', 'i18n.logOutputEncoding=UTF-8'],
		...['log', '-1', '--no-patch', '--no-show-signature', '--format=%H%n%B', sha, '--'],
	];
	// git receives no secret and no configuration of the user, and fetches nothing that a partial clone lacks.
	const env = { PATH: searchPath, GIT_NO_LAZY_FETCH: '1', GIT_TERMINAL_PROMPT: '0', LC_ALL: 'C' };
	const options = { env, signal, timeout: timeLimitMs, killSignal: 'SIGKILL', maxBuffer: largestAnswer } as const;
	const answer = await new Promise<string>((resolve, reject) => {
		execFile('git', args, options, (error, stdout, stderr) => {
			if (error === null) resolve(stdout);
			else if (error.code === 'ENOENT') reject(new Error('git is not installed'));
			else reject(new Error(error.killed ? 'git takes too long' : stderr.trim() || error.message));
		});
	});
	const [, fullSha, message] = /^([0-9a-f]{40,64})\n(.*)$/s.exec(answer) ?? [];
	if (fullSha === undefined || message === undefined) throw new Error('git printed no commit');
	return { sha: fullSha, message };
}
