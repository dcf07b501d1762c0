import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { bundleOptions } from '../bundle-options.ts';
import { compileForLauncher, launcherOption } from '../compile-for-launcher.ts';

/** A program that sends one POST: `isNode` where the command is a script for this Node, with its options. */
export type Contestant = Readonly<{ name: string; command: readonly string[]; isNode: boolean }>;

const folder = 'dist/bench';
// Of the bundle's plugins the first compiles the schema; the second leaves parts of got out.
const wholeGot = { ...bundleOptions, plugins: bundleOptions.plugins.slice(0, 1), define: {} };

/** Builds all that is compared. Those in their "image" form are bundled alike and started by the launcher, with V8's compiled code beside them. */
export async function buildContestants(environment: Readonly<Record<string, string>>): Promise<Contestant[]> {
	rmSync(folder, { recursive: true, force: true });
	const node = (name: string, ...command: string[]) => ({ name, command, isNode: true });
	const inImage = async (name: string, entryPoint: string, options = {}) => {
		const place = join(folder, name.replaceAll(/\W+/g, '-'));
		mkdirSync(place, { recursive: true });
		const outfile = join(place, 'alert24-notify.js');
		await build({ ...bundleOptions, ...options, entryPoints: [entryPoint], outfile });
		await compileForLauncher(place);
		return node(name, launcherOption, join(place, 'launcher.js'));
	};
	const contestants = [
		await inImage('node:http', 'scripts/bench/node-http.ts'),
		await inImage('got', 'scripts/bench/got-alone.ts', wholeGot),
		await inImage('got, less what we leave out', 'scripts/bench/got-alone.ts'),
		node('alert24-notify in the image', launcherOption, 'dist/image/launcher.js'),
		node('alert24-notify, one file', 'dist/alert24-notify.js'),
		node('alert24-notify, tsx on the sources', '--import=tsx', 'src/main.ts'),
	];
	return [...contestants, { name: 'curl', command: curl(environment), isNode: false }];
}

function curl(environment: Readonly<Record<string, string>>): string[] {
	const headers = [`Authorization: Bearer ${environment['ALERT24_API_KEY']}`, 'Content-Type: application/json'];
	const body = JSON.stringify({ summary: 'Deployed shop @ 1a2b3c4d', environment: 'production' });
	const url = `${environment['ALERT24_API_URL']}/api/v1/changes`;
	return [
		'curl',
		'--fail',
		'--silent',
		'--show-error',
		...headers.flatMap((header) => ['-H', header]),
		'-d',
		body,
		url,
	];
}
