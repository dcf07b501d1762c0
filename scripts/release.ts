// Sets the version everywhere: usage: npm run release -- 1.2.3. CONTRIBUTING.md lists the steps before and after.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import manifest from '../package.json' with { type: 'json' };
import { isLater, listVersionedFiles, setVersion } from './versions.ts';

try {
	const [version = ''] = process.argv.slice(2);
	if (!isLater(version, manifest.version)) throw new Error(`${version} does not come after ${manifest.version}`);
	const changes = execFileSync('git', ['status', '--porcelain'], { encoding: 'utf8' });
	if (changes !== '') throw new Error(`commit or stash these changes first:\n${changes}`);
	const date = new Date().toISOString().slice(0, 10);
	const paths = listVersionedFiles('.');
	// All texts before the first file is written, so that a refusal changes nothing.
	const texts = paths.map((path) => [path, setVersion(path, readFileSync(path, 'utf8'), version, date)] as const);
	for (const [path, text] of texts) writeFileSync(path, text);
	console.log(
		`${version} is set in ${paths.join(', ')}. Next: npm test; git commit -am 'Release ${version}'; merge; tag ${version}.`,
	);
} catch (error) {
	console.error(`release: ${(error as Error).message}`);
	process.exitCode = 1;
}
