import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Returns the list of packages whose files are among `inputs` (paths of esbuild's metafile), each with its version, its
 * license and the license's text. Throws an Error for a package without the name or the text of a license.
 */
export function listLicenses(inputs: readonly string[]): string {
	const folders = new Set(inputs.map((path) => /^.*node_modules\/(@[^/]+\/)?[^/]+/.exec(path)?.[0]));
	const packages = [...folders].filter((folder) => folder !== undefined).sort();
	const own = describePackage('alert24-notify', '.');
	const heading = `alert24-notify.js contains these packages besides its own code:\n\n${packages.map(nameOf).join('\n')}\n`;
	return [own, heading, ...packages.map((folder) => describePackage(nameOf(folder), folder))].join(
		`\n${'-'.repeat(78)}\n\n`,
	);
}

function nameOf(folder: string): string {
	return folder.slice(folder.lastIndexOf('node_modules/') + 'node_modules/'.length);
}

function describePackage(name: string, folder: string): string {
	const { version, license, author } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
	const file = readdirSync(folder).find((entry) => /^licen[cs]e([.-]|$)/i.test(entry));
	if (typeof license !== 'string') throw new Error(`${folder} has no license`);
	// A package may name its license and its author without the text.
	const text =
		file === undefined ? `Copyright ${author?.name ?? author}` : readFileSync(join(folder, file), 'utf8').trim();
	return `${name} ${version} (${license})\n\n${text}\n`;
}
