import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { createGitlabProject, type GitlabProject } from './gitlab-project.ts';

const projectRoot = join(import.meta.dirname, '../..');

/** The text of this project's own pipeline. */
export const ownPipeline = readFileSync(join(projectRoot, '.gitlab-ci.yml'), 'utf8');

/**
 * Creates a GitLab project of this worktree's files, to run jobs of its own pipeline. `npm ci` installs nothing there.
 * `commands` are shell scripts by name that replace other programs of the jobs.
 */
export async function createOwnProject(commands: Record<string, string> = {}): Promise<GitlabProject> {
	const project = await createGitlabProject({ npm: '[ "$1" = ci ] || PATH=${PATH#*:} exec npm "$@"', ...commands });
	const args = ['ls-files', '--cached', '--others', '--exclude-standard'];
	const files = execFileSync('git', args, { cwd: projectRoot, encoding: 'utf8' }).trim().split('\n');
	for (const file of files.filter((path) => existsSync(join(projectRoot, path))))
		cpSync(join(projectRoot, file), join(project.directory, file));
	symlinkSync(join(projectRoot, 'node_modules'), join(project.directory, 'node_modules'));
	return project;
}
