// Builds dist/image/: what the image holds of this program. That is the bundle, V8's compiled code of it, and the launcher that puts them together.
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, rmSync } from 'node:fs';
import { build } from 'esbuild';
import { bundleOptions } from './bundle-options.ts';

const folder = 'dist/image';
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
for (const file of ['alert24-notify.js', 'LICENSES.txt']) copyFileSync(`dist/${file}`, `${folder}/${file}`);

// Room for 16 MiB of young objects from the start: a run makes fewer than that, so that it ends before the first collection.
const shebang = '#!/usr/local/bin/node --min-semi-space-size=16';
const banner = { js: bundleOptions.banner.js.replace(/^.*/, shebang) };
await build({ ...bundleOptions, banner, entryPoints: ['src/launcher.ts'], outfile: `${folder}/launcher.js` });
chmodSync(`${folder}/launcher.js`, 0o755);

// The seed decides how V8's tables are laid out. A fixed one gives the same code, byte for byte, in each build of a commit.
execFileSync(process.execPath, ['--random-seed=1', 'scripts/compile-bundle.ts', folder], {
	stdio: 'inherit',
});
