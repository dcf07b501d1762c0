import { execFileSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { build } from 'esbuild';
import { bundleOptions } from './bundle-options.ts';

/**
 * How the launcher is started: with room for 16 MiB of young objects. A run makes fewer than that, so that it ends before the first collection.
 * The kernel passes a script's interpreter one option.
 */
export const launcherOption = '--min-semi-space-size=16';

/** Puts beside the bundle `alert24-notify.js` in the folder what V8 compiles of it in a run, and the launcher that puts them together. */
export async function compileForLauncher(folder: string): Promise<void> {
	const banner = { js: bundleOptions.banner.js.replace(/^.*/, `#!/usr/local/bin/node ${launcherOption}`) };
	await build({ ...bundleOptions, banner, entryPoints: ['src/launcher.ts'], outfile: `${folder}/launcher.js` });
	chmodSync(`${folder}/launcher.js`, 0o755);
	// The seed decides how V8's tables are laid out. A fixed one gives the same code, byte for byte, in each build of a commit.
	execFileSync(process.execPath, ['--random-seed=1', 'scripts/compile-bundle.ts', folder]);
}
