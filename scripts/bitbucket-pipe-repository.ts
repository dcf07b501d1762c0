import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

/** The files of the metadata-only repository. Bitbucket reads pipe.yml at the tag. */
const publishedFiles = ['bitbucket/pipe.yml', 'bitbucket/README.md', 'CHANGELOG.md', 'LICENSE'];

// A release job has no git identity.
const releaser = ['-c', 'user.name=alert24-notify', '-c', 'user.email=release@alert24-notify.invalid'];

export type Publication = Readonly<{
	/** The root of this project. */
	project: string;
	/** The URL of the metadata-only repository, with the right to push unless it is a dry run. */
	repository: string;
	isDryRun: boolean;
	print(line: string): void;
}>;

/**
 * Publishes the pipe: commits its files to the metadata-only repository and tags them with the version of package.json,
 * because `pipe: workspace/repository:1.2.3` is a tag there. A dry run does the same in a temporary clone and pushes
 * nothing. Throws an Error if versions differ or git fails.
 */
export function publishBitbucketPipe({ project, repository, isDryRun, print }: Publication): void {
	const version = readVersion(project);
	const clone = mkdtempSync(join(tmpdir(), 'alert24-bitbucket-pipe-'));
	const git = (...args: string[]) => runGit(clone, args);
	try {
		cloneRepository(clone, { repository, isDryRun, print });
		const isPublished = git('tag', '--list', version) !== '';
		if (isPublished) git('checkout', '--quiet', '--detach', `refs/tags/${version}`);
		for (const file of publishedFiles) copyFileSync(join(project, file), join(clone, basename(file)));
		git('add', '--all');
		const changes = git('status', '--short');
		if (isPublished && changes !== '') {
			throw new Error(`${version} is published with other content; a tag never changes:\n${changes}`);
		}
		if (isPublished) {
			print(`${version} is published already`);
			return;
		}
		print(`${version}: ${changes === '' ? 'no file differs from the version before' : `\n${changes}`}`);
		if (isDryRun) {
			print(`Dry run: nothing is pushed to ${withoutCredentials(repository)}`);
			return;
		}
		if (changes !== '') git(...releaser, 'commit', '--quiet', '--message', `Release ${version}`);
		git('tag', version);
		git('push', '--quiet', '--atomic', 'origin', 'HEAD', `refs/tags/${version}`);
		print(`Pushed ${version} to ${withoutCredentials(repository)}`);
	} finally {
		rmSync(clone, { recursive: true, force: true });
	}
}

// Throws an Error unless package.json, pipe.yml's image, the snippets and the newest heading have the same version.
function readVersion(project: string): string {
	const read = (file: string) => readFileSync(join(project, file), 'utf8');
	const { version } = JSON.parse(read('package.json')) as { version: string };
	const image = /^image: \S+:(\S+)/m.exec(read('bitbucket/pipe.yml'))?.[1] ?? 'none';
	const snippets = [...read('bitbucket/README.md').matchAll(/alert24\/alert24-notify:([\w.-]+)/g)].map(
		([, tag]) => tag,
	);
	const heading = [...read('CHANGELOG.md').matchAll(/^## \[?(\d[^\s\]]*)/gm)][0]?.[1] ?? 'none';
	const disagreements = [
		...(image === version ? [] : [`bitbucket/pipe.yml has the image of ${image}`]),
		...(snippets.every((tag) => tag === version)
			? []
			: [`bitbucket/README.md shows ${[...new Set(snippets)].join(' and ')}`]),
		...(heading === version ? [] : [`the newest heading of CHANGELOG.md is ${heading}`]),
	];
	if (disagreements.length > 0)
		throw new Error(`package.json has version ${version}, but ${disagreements.join(', and ')}`);
	return version;
}

function cloneRepository(clone: string, { repository, isDryRun, print }: Omit<Publication, 'project'>): void {
	try {
		runGit(clone, ['clone', '--quiet', repository, '.']);
	} catch (error) {
		if (!isDryRun) throw error;
		print(`${(error as Error).message}\nThe dry run continues as if the repository were empty.`);
		runGit(clone, ['init', '--quiet', '--initial-branch=main']);
	}
}

function runGit(directory: string, args: readonly string[]): string {
	try {
		return execFileSync('git', args, { cwd: directory, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trimEnd();
	} catch (error) {
		const { stderr } = error as { stderr?: string };
		const command = args.find((word) => /^[a-z]+$/.test(word));
		throw new Error(withoutCredentials(`git ${command} failed: ${stderr?.trim() || error}`));
	}
}

function withoutCredentials(text: string): string {
	return text.replace(/:\/\/[^/@\s]*@/g, '://');
}
