/** Returns the rows, without the heading, of the first table after a text in a Markdown document. Throws if none follows. */
export function findTable(markdown: string, after: string): string[][] {
	const start = markdown.indexOf(after);
	const [, table] = /\n\|.*\|\n\|[-:| ]+\|\n((?:\|.*\|\n)*)/.exec(markdown.slice(start)) ?? [];
	if (start === -1 || table === undefined) throw new Error(`no table follows "${after}"`);
	return table
		.trim()
		.split('\n')
		.map((row) =>
			row
				.split(/(?<!\\)\|/)
				.slice(1, -1)
				.map((cell) => cell.trim().replaceAll('\\|', '|')),
		);
}
