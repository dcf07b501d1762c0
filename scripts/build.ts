// Builds dist/alert24-notify.js: the program and all that it needs in one file.
import { chmodSync } from 'node:fs';
import { build } from 'esbuild';
import { bundleOptions } from './bundle-options.ts';

await build({ ...bundleOptions, entryPoints: ['src/main.ts'], outfile: 'dist/alert24-notify.js' });
chmodSync('dist/alert24-notify.js', 0o755);
