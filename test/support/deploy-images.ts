import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { containers } from './container-engine.ts';
import { locate } from './toolbox.ts';

const base = 'docker.io/library/alpine:3.23';

/** Images of deploy jobs, by their programs: busybox and some programs of this machine. */
export const deployImages = {
	'bash and curl': { image: 'localhost/alert24-hook-bash-curl', programs: ['bash', 'curl'] },
	'dash and GNU wget': { image: 'localhost/alert24-hook-dash-wget', programs: ['dash', 'wget'] },
	'busybox only': { image: base, programs: [] },
} as const;

export type DeployImage = keyof typeof deployImages;

// gitlab-ci-local's scripts begin with an option that dash lacks. GitLab's runner tests for it first.
const dashForGitlabCiLocal = `#!/bin/dash
[ $# -eq 0 ] || exec /bin/dash "$@"
exec /bin/dash -c "$(sed 's/^set -eo pipefail$/set -e/' /gcl-cmd)"
`;

/** Builds the images that no registry has. */
export function buildDeployImages(): void {
	for (const { image, programs } of Object.values(deployImages)) {
		if (programs.length === 0) continue;
		const context = mkdtempSync(join(tmpdir(), 'alert24-deploy-image-'));
		for (const name of programs) addProgram(context, name);
		if (programs.some((name) => name === 'dash')) addShell(context);
		writeFileSync(join(context, 'Dockerfile'), `FROM ${base}\nCOPY root /\n`);
		execFileSync(containers.engine.command, ['build', '--quiet', '--tag', image, context], {
			stdio: ['ignore', 'ignore', 'inherit'],
		});
		rmSync(context, { recursive: true });
	}
}

// Copies also the libraries and the loader of the program, each to its path.
function addProgram(context: string, name: string): void {
	const libraries = execFileSync('ldd', [locate(name)], { encoding: 'utf8' }).match(/\/\S+/g) ?? [];
	const place = name === 'bash' || name === 'dash' ? '/bin' : '/usr/bin';
	for (const file of libraries) copyInto(context, file, file);
	copyInto(context, locate(name), join(place, name));
}

function addShell(context: string): void {
	const file = join(context, 'root/usr/local/bin/sh');
	mkdirSync(dirname(file), { recursive: true });
	writeFileSync(file, dashForGitlabCiLocal, { mode: 0o755 });
}

function copyInto(context: string, file: string, place: string): void {
	const target = join(context, 'root', place);
	mkdirSync(dirname(target), { recursive: true });
	copyFileSync(file, target);
}
