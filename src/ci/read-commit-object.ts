import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import { readRegularFile } from '../read-regular-file.ts';
import type { CommitQuery, GitCommit } from './git-commit.ts';
import { findInPack, type GitObject, readFromPack } from './git-pack.ts';

const largestCommit = 1024 * 1024;

/**
 * Reads a commit from the files of a clone, for images without git, such as the one that runs as a pipe. Undefined where it is not there, or
 * more than one begins with these digits, or its bytes are not those that its name stands for. Throws what node:fs and node:zlib throw.
 */
export function readCommitObject({ sha, directory }: CommitQuery): GitCommit | undefined {
	const digits = sha.toLowerCase();
	const objects = join(directory, '.git', 'objects');
	const found = new Map([...findLoose(objects, digits), ...findPacked(objects, digits)]);
	const commits = [...found]
		.map(([name, read]) => ({ name, object: read() }))
		.filter(({ name, object }) => object.kind === 'commit' && hashOf(object) === name);
	const [commit] = commits;
	return commit === undefined || commits.length > 1
		? undefined
		: { sha: commit.name, message: readMessage(commit.object.bytes) };
}

type Found = [name: string, read: () => GitObject];

function findLoose(objects: string, digits: string): Found[] {
	const directory = digits.slice(0, 2);
	return list(join(objects, directory))
		.filter((file) => /^[0-9a-f]{38}$/.test(file) && (directory + file).startsWith(digits))
		.map((file) => [directory + file, () => readLoose(join(objects, directory, file))]);
}

function findPacked(objects: string, digits: string): Found[] {
	const indexes = list(join(objects, 'pack')).filter((file) => file.endsWith('.idx'));
	return indexes
		.map((file) => join(objects, 'pack', file))
		.flatMap((index) =>
			findInPack(index, digits).map(({ name, offset }): Found => [name, () => readFromPack(index, offset)]),
		);
}

function list(directory: string): string[] {
	try {
		return readdirSync(directory);
	} catch {
		return [];
	}
}

// `commit 123\0…`
function readLoose(path: string): GitObject {
	const bytes = inflateSync(readRegularFile(path, largestCommit), { maxOutputLength: 4 * largestCommit });
	const end = bytes.indexOf(0);
	return { kind: bytes.toString('latin1', 0, end).split(' ')[0] ?? '', bytes: bytes.subarray(end + 1) };
}

function hashOf({ kind, bytes }: GitObject): string {
	return createHash('sha1').update(`${kind} ${bytes.length}\0`).update(bytes).digest('hex');
}

// Lines about the commit, an empty line, the message.
function readMessage(bytes: Buffer): string {
	const end = bytes.indexOf('\n\n');
	const encoding = /^encoding (.+)$/m.exec(bytes.toString('latin1', 0, end))?.[1] ?? 'utf-8';
	const message = bytes.subarray(end + 2);
	try {
		return new TextDecoder(encoding).decode(message);
	} catch {
		return message.toString();
	}
}
