import { mkdirSync, rmSync } from 'node:fs';
import { build } from 'esbuild';
import { bundleOptions } from '../bundle-options.ts';
import type { Program } from './take-turns.ts';

const folder = 'dist/bench';
// As the program, with the compiled schema, but nothing is left out of got.
const wholeGot = { ...bundleOptions, plugins: bundleOptions.plugins.slice(0, 1), define: {} };

/**
 * Bundles the plain alternatives, each as one file like the program itself, and returns them with the program. Each
 * sends its change to ALERT24_API_URL with ALERT24_API_KEY of the environment.
 */
export async function buildPrograms(environment: Readonly<Record<string, string>>): Promise<Program[]> {
	rmSync(folder, { recursive: true, force: true });
	mkdirSync(folder, { recursive: true });
	const node = (name: string, file: string) => ({ name, command: [process.execPath, file], environment });
	const bundle = async (name: string, entryPoint: string, options = {}) => {
		const outfile = `${folder}/${name.replaceAll(/\W+/g, '-')}.js`;
		await build({ ...bundleOptions, ...options, entryPoints: [entryPoint], outfile });
		return node(name, outfile);
	};
	return [
		await bundle('node:http', 'scripts/bench/node-http.ts'),
		await bundle('got', 'scripts/bench/got-alone.ts', wholeGot),
		node('alert24-notify', 'dist/alert24-notify.js'),
		{ name: 'curl', command: buildCurl(environment), environment },
	];
}

function buildCurl(environment: Readonly<Record<string, string>>): string[] {
	const headers = [`Authorization: Bearer ${environment['ALERT24_API_KEY']}`, 'Content-Type: application/json'];
	const body = JSON.stringify({ summary: 'Deployed shop @ 1a2b3c4d', environment: 'production' });
	const options = ['--fail', '--silent', '--show-error', ...headers.flatMap((header) => ['-H', header]), '-d', body];
	return ['curl', ...options, `${environment['ALERT24_API_URL']}/api/v1/changes`];
}
