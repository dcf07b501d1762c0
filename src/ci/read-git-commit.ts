import { join } from 'node:path';
import type { Log } from '../log/log.ts';
import { quote } from '../text/visible-text.ts';
import type { CommitQuery, GitCommit } from './git-commit.ts';

const timeLimitMs = 2000;
const largestAnswer = 16 * 1024 * 1024;

/**
 * Asks the program `git` for a commit, without a shell, for two seconds at most; where there is no git, the clone's own files. What keeps them
 * from telling is said to those who asked.
 */
export async function readGitCommit(query: CommitQuery, log: Log, signal: AbortSignal): Promise<GitCommit | undefined> {
	try {
		return await askGit(query, signal);
	} catch (error) {
		log.detail(`git does not tell of commit ${query.sha}: ${quote(error instanceof Error ? error.message : error)}`);
		if (!(error instanceof MissingGit)) return undefined;
	}
	try {
		const { readCommitObject } = await import('./read-commit-object.ts');
		return readCommitObject(query);
	} catch (error) {
		log.detail(`the clone does not tell of it: ${quote(error instanceof Error ? error.message : error)}`);
		return undefined;
	}
}

class MissingGit extends Error {
	override readonly name = 'MissingGit';
}

async function askGit({ sha, directory, searchPath }: CommitQuery, signal: AbortSignal): Promise<GitCommit> {
	// Loaded here, because no GitLab job needs it.
	const { execFile } = await import('node:child_process');
	const args = [
		// Named outright, the repository may belong to another user, as it does in a pipe: git checks the owner only of one that it found by
		// itself, and before 2.38 it does not take `safe.directory` from its command line.
		`--git-dir=${join(directory, '.git')}`,
		...['-c', 'i18n.logOutputEncoding=UTF-8'],
		...['log', '-1', '--no-patch', '--no-show-signature', '--format=%H%n%B', sha, '--'],
	];
	// Nothing else: no secret, no configuration of the user, no fetching of what a partial clone lacks.
	const env = { PATH: searchPath, GIT_NO_LAZY_FETCH: '1', GIT_TERMINAL_PROMPT: '0', LC_ALL: 'C' };
	const options = { env, signal, timeout: timeLimitMs, killSignal: 'SIGKILL', maxBuffer: largestAnswer } as const;
	const answer = await new Promise<string>((resolve, reject) => {
		execFile('git', args, options, (error, stdout, stderr) => {
			if (error === null) resolve(stdout);
			else if (error.code === 'ENOENT') reject(new MissingGit('there is no git'));
			else reject(new Error(error.killed ? 'it takes too long' : stderr.trim() || error.message));
		});
	});
	const [, fullSha, message] = /^([0-9a-f]{40,64})\n(.*)$/s.exec(answer) ?? [];
	if (fullSha === undefined || message === undefined) throw new Error('no answer');
	return { sha: fullSha, message };
}
