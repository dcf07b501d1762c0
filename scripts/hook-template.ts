import { readFileSync } from 'node:fs';
import { version } from '../src/version.ts';

const directory = new URL('../src/hook/', import.meta.url);
// In the order of reading; awk programs become shell variables, which the functions run.
const awkPrograms = [
	'text',
	'redact',
	'merge-request',
	'change',
	'build-changes',
	'read-json',
	'read-response',
	'read-answer',
	'find-change',
	'compare-deployments',
];
const shellParts = ['constants', 'settings', 'outcome', 'http', 'wget', 'judge', 'deliver', 'record'];

/** The component `hook`: its header and hidden job with the hook's programs, all of them as they stand in src/hook. */
export function buildHookTemplate(): string {
	const program = [...awkPrograms.map(quoteAwk), ...shellParts.map((name) => read(`${name}.sh`))]
		.join('\n')
		.replaceAll('@version@', version);
	return read('hook.yml').replace(/^( *)(\t*)@program@\n/m, (_, spaces: string, tabs: string) =>
		program.replace(/^(?=.)/gm, spaces + tabs),
	);
}

function quoteAwk(name: string): string {
	const source = read(`${name}.awk`);
	if (source.includes("'")) throw new Error(`src/hook/${name}.awk has a ', which would end its quotation in the shell`);
	return `# shellcheck disable=SC2016 # no variables of the shell\n${name.replaceAll('-', '_')}_awk='\n${source}'\n`;
}

// GitLab would take the sign for an input.
function read(name: string): string {
	const source = readFileSync(new URL(name, directory), 'utf8');
	if (name !== 'hook.yml' && source.includes('$[[')) throw new Error(`src/hook/${name} has $[[, which GitLab replaces`);
	return source;
}
