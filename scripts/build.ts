// Builds the programs in dist, each with all that it needs in one file, and the list of the packages in them.
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';
import { bundleOptions, withoutRelay } from './bundle-options.ts';
import { describeOldNode } from './describe-old-node.ts';
import { listLicenses } from './list-licenses.ts';

// The second file is for `serve`, `explain` and `outbox`. The first one loads it only for them.
const programs = { 'alert24-notify': 'src/main.ts', 'alert24-notify-serve': 'src/serve-main.ts' } as const;

const oldNode = describeOldNode(process.versions.node);
if (oldNode !== undefined) {
	console.error(`build: ${oldNode}`);
	process.exit(1);
}
rmSync('dist', { recursive: true, force: true });
mkdirSync('dist');
const inputs: string[] = [];
for (const [name, entry] of Object.entries(programs)) {
	const isRelay = entry.endsWith('serve-main.ts');
	const plugins = isRelay ? bundleOptions.plugins : [withoutRelay(), ...bundleOptions.plugins];
	const outfile = `dist/${name}.js`;
	const { metafile } = await build({ ...bundleOptions, plugins, metafile: true, entryPoints: [entry], outfile });
	chmodSync(outfile, 0o755);
	inputs.push(...Object.keys(metafile.inputs));
}
writeFileSync('dist/LICENSES.txt', listLicenses(inputs));
