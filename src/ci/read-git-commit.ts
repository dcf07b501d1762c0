import { join } from 'node:path';
import type { Log } from '../log.ts';
import { quote } from '../visible-text.ts';
import type { CommitQuery, GitCommit } from './git-commit.ts';

const timeLimitMs = 2000;
const largestAnswer = 16 * 1024 * 1024;

/** Asks the program `git` for a commit, without a shell, for two seconds at most. What keeps it from telling is said to those who asked. */
export async function readGitCommit(query: CommitQuery, log: Log, signal: AbortSignal): Promise<GitCommit | undefined> {
	const { sha, directory, searchPath } = query;
	const [failure, answer] = await runGit(
		[
			// Named outright, the repository may belong to another user, as it does in a pipe: git checks the owner only of one that it found by
			// itself, and before 2.38 it does not take `safe.directory` from its command line.
			`--git-dir=${join(directory, '.git')}`,
			...['-c', 'i18n.logOutputEncoding=UTF-8'],
			...['log', '-1', '--no-patch', '--no-show-signature', '--format=%H%n%B', sha, '--'],
		],
		// Nothing else: no secret, no configuration of the user, no fetching of what a partial clone lacks.
		{ PATH: searchPath, GIT_NO_LAZY_FETCH: '1', GIT_TERMINAL_PROMPT: '0', LC_ALL: 'C' },
		signal,
	);
	const [, fullSha, message] = /^([0-9a-f]{40,64})\n(.*)$/s.exec(answer) ?? [];
	if (fullSha !== undefined && message !== undefined) return { sha: fullSha, message };
	log.detail(`git does not tell of commit ${sha}: ${quote(failure ?? 'no answer')}`);
	return undefined;
}

async function runGit(
	args: readonly string[],
	env: Readonly<Record<string, string | undefined>>,
	signal: AbortSignal,
): Promise<[failure: string | undefined, answer: string]> {
	// Loaded here, because no GitLab job needs it.
	const { execFile } = await import('node:child_process');
	const options = { env, signal, timeout: timeLimitMs, killSignal: 'SIGKILL', maxBuffer: largestAnswer } as const;
	return await new Promise((resolve) => {
		execFile('git', args, options, (error, stdout, stderr) => {
			if (error === null) resolve([undefined, stdout]);
			else resolve([error.killed ? 'it takes too long' : stderr.trim() || error.message, '']);
		});
	});
}
