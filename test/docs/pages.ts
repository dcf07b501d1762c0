import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';

/** The folder of this project. */
export const root = join(import.meta.dirname, '../..');

/** Reads a file of this project. */
export const readPage = (path: string): string => readFileSync(join(root, path), 'utf8');

const listPages = (folder: string) =>
	readdirSync(join(root, folder))
		.filter((name) => name.endsWith('.md'))
		.map((name) => `${folder}/${name}`);

/** Every page of this project. */
export const pages: readonly string[] = [
	'README.md',
	'CHANGELOG.md',
	'CONTRIBUTING.md',
	'SECURITY.md',
	'bitbucket/README.md',
	'examples/README.md',
	...listPages('docs'),
	...listPages('docs/decisions'),
];

/** The example pipelines, by path. */
export const examples: readonly string[] = readdirSync(join(root, 'examples'), { recursive: true, encoding: 'utf8' })
	.filter((path) => /(gitlab-ci|bitbucket-pipelines)\.yml$/.test(path))
	.map((path) => `examples/${path}`)
	.sort();

/** Returns true if the project has this file or folder. */
export const exists = (path: string): boolean => existsSync(join(root, path));

/** A fenced block of a page. */
export type Block = Readonly<{ page: string; line: number; language: string; text: string }>;

/** Returns the fenced blocks of a page in one language. */
export function readBlocks(page: string, language: string): Block[] {
	const markdown = readPage(page);
	return [...markdown.matchAll(/^```(\w+)\n(.*?)^```$/gms)]
		.map(({ index, 1: name = '', 2: text = '' }) => {
			const line = markdown.slice(0, index).split('\n').length;
			return { page, line, language: name, text };
		})
		.filter((block) => block.language === language);
}

const reference = { tag: '!reference', collection: 'seq' } as const;

/** Parses YAML as GitLab does: version 1.1, with `!reference`. Throws for a mistake, and for a warning. */
export function parseYaml(text: string): unknown {
	const documents = parseAllDocuments(text, { version: '1.1', merge: true, customTags: [reference] });
	for (const { errors, warnings } of documents) {
		const [problem] = [...errors, ...warnings];
		if (problem !== undefined) throw problem;
	}
	return documents.at(-1)?.toJS();
}
