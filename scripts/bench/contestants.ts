import { mkdirSync, rmSync } from 'node:fs';
import { build } from 'esbuild';
import { bundleOptions } from '../bundle-options.ts';

/** A program that sends one POST to ALERT24_API_URL with ALERT24_API_KEY. */
export type Contestant = Readonly<{
	name: string;
	command: readonly string[];
	/** The command's arguments are for this process's Node. */
	isNode: boolean;
}>;

const folder = 'dist/bench';
// The schema stays compiled, as in the program. Nothing is left out of got.
const wholeGot = { ...bundleOptions, plugins: bundleOptions.plugins.slice(0, 1), define: {} };

/** Bundles the plain alternatives, each as one file like the program itself, and returns them with the program. */
export async function buildContestants(environment: Readonly<Record<string, string>>): Promise<Contestant[]> {
	rmSync(folder, { recursive: true, force: true });
	mkdirSync(folder, { recursive: true });
	const bundle = async (name: string, entryPoint: string, options = {}) => {
		const outfile = `${folder}/${name.replaceAll(/\W+/g, '-')}.js`;
		await build({ ...bundleOptions, ...options, entryPoints: [entryPoint], outfile });
		return { name, command: [outfile], isNode: true };
	};
	return [
		await bundle('node:http', 'scripts/bench/node-http.ts'),
		await bundle('got', 'scripts/bench/got-alone.ts', wholeGot),
		{ name: 'alert24-notify', command: ['dist/alert24-notify.js'], isNode: true },
		{ name: 'curl', command: buildCurl(environment), isNode: false },
	];
}

function buildCurl(environment: Readonly<Record<string, string>>): string[] {
	const headers = [`Authorization: Bearer ${environment['ALERT24_API_KEY']}`, 'Content-Type: application/json'];
	const body = JSON.stringify({ summary: 'Deployed shop @ 1a2b3c4d', environment: 'production' });
	const options = ['--fail', '--silent', '--show-error', ...headers.flatMap((header) => ['-H', header]), '-d', body];
	return ['curl', ...options, `${environment['ALERT24_API_URL']}/api/v1/changes`];
}
