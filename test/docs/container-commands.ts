import assert from 'node:assert/strict';
import { pages, readBlocks, readPage } from './pages.ts';

/** A call of `docker run` on a page or in an example. */
export type ContainerCommand = Readonly<{
	source: string;
	image: string;
	environment: Readonly<Record<string, string>>;
	/** Paths in the container by the path of the host or the name of the volume. */
	mounts: Readonly<Record<string, string>>;
	command: readonly string[];
}>;

// https://docs.docker.com/reference/cli/docker/container/run/
const switches = ['--detach', '--read-only', '--rm'];
const options = ['--cap-drop', '--env', '--memory', '--name', '--publish', '--restart', '--security-opt', '--volume'];

/** Returns the words of each shell command in a text, without comments. */
export function readShellCommands(text: string): string[][] {
	return text
		.replace(/\\\n\s*/g, '')
		.split('\n')
		.filter((line) => line !== '' && !line.startsWith('#'))
		.map((line) => line.split(/\s+/).map((word) => word.replaceAll('"', '')));
}

/** Returns each call of `docker run`. Throws an AssertionError for an option that this list does not have. */
export function findContainerCommands(): ContainerCommand[] {
	const script = 'examples/relay/docker-run.sh';
	const texts = [...pages.flatMap((page) => readBlocks(page, 'sh')), { page: script, text: readPage(script) }];
	return texts.flatMap(({ page, text }) =>
		readShellCommands(text)
			.filter(([program, subcommand]) => program === 'docker' && subcommand === 'run')
			.map((words) => parseRun(page, words.slice(2))),
	);
}

function parseRun(source: string, words: readonly string[]): ContainerCommand {
	const environment: Record<string, string> = {};
	const mounts: Record<string, string> = {};
	let index = 0;
	for (; words[index]?.startsWith('--'); index += 1) {
		const option = words[index] ?? '';
		if (switches.includes(option)) continue;
		assert.ok(options.includes(option), `${source}: ${option}`);
		index += 1;
		const value = words[index] ?? '';
		if (option === '--env') environment[value.replace(/=.*/, '')] = value.replace(/^\w+=/, '');
		if (option === '--volume') mounts[value.split(':')[0] ?? ''] = value.split(':')[1] ?? '';
	}
	const [image = '', ...command] = words.slice(index);
	return { source, image, environment, mounts, command };
}
