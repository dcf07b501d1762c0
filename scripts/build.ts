// Builds dist/alert24-notify.js, the program and all that it needs in one file, and what goes with it.
import { chmodSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';
import { bundleOptions } from './bundle-options.ts';
import { listLicenses } from './list-licenses.ts';

const options = { ...bundleOptions, metafile: true } as const;
const { metafile } = await build({ ...options, entryPoints: ['src/main.ts'], outfile: 'dist/alert24-notify.js' });
chmodSync('dist/alert24-notify.js', 0o755);
writeFileSync('dist/LICENSES.txt', listLicenses(Object.keys(metafile.inputs)));
