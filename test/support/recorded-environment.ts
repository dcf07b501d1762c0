import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { GitlabProject } from './gitlab-project.ts';

const suffix = '.environment.json';
const program = `
	const { writeFileSync } = require("node:fs");
	const variables = Object.entries(process.env).filter(([name]) => name.startsWith("ALERT24_"));
	const file = encodeURIComponent(process.env.CI_JOB_NAME) + "${suffix}";
	writeFileSync(file, JSON.stringify(Object.fromEntries(variables)));
`;

/** A command for `createGitlabProject` that only writes its ALERT24_ variables to a file. */
export const recordEnvironment = `exec '${process.execPath}' --eval '${program}'`;

/** Returns the ALERT24_ variables of each job that ran `recordEnvironment`, by the job's name. */
export async function readRecordedEnvironments({ directory }: GitlabProject) {
	const files = (await readdir(directory)).filter((file) => file.endsWith(suffix));
	const entries = files.map(async (file): Promise<[string, Record<string, string>]> => {
		const job = decodeURIComponent(file.slice(0, -suffix.length));
		return [job, JSON.parse(await readFile(join(directory, file), 'utf8'))];
	});
	return Object.fromEntries(await Promise.all(entries));
}
