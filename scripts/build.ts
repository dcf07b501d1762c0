// Builds the programs in dist, each with all that it needs in one file, and the list of the packages in them.
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';
import { bundleOptions } from './bundle-options.ts';
import { describeOldNode } from './describe-old-node.ts';
import { listLicenses } from './list-licenses.ts';

const programs = { 'alert24-notify': 'src/main.ts' } as const;

const oldNode = describeOldNode(process.versions.node);
if (oldNode !== undefined) {
	console.error(`build: ${oldNode}`);
	process.exit(1);
}
rmSync('dist', { recursive: true, force: true });
mkdirSync('dist');
const { metafile } = await build({ ...bundleOptions, metafile: true, entryPoints: programs, outdir: 'dist' });
for (const name of Object.keys(programs)) chmodSync(`dist/${name}.js`, 0o755);
writeFileSync('dist/LICENSES.txt', listLicenses(Object.keys(metafile.inputs)));
