// https://git-scm.com/docs/gitformat-pack
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { inflateSync } from 'node:zlib';

/** An object of git: its kind, such as `commit`, and its bytes. */
export type GitObject = Readonly<{ kind: string; bytes: Buffer }>;

const kinds: Readonly<Record<number, string>> = { 1: 'commit', 2: 'tree', 3: 'blob', 4: 'tag' };
const offsetDelta = 6;
const nameDelta = 7;
const nameBytes = 20;
// Of a pack as much as a commit can be, packed.
const largestObject = 1024 * 1024;
const longestChain = 60;

/** Finds the names of a pack's objects, and where they are, that begin with the given digits. `index` is the path of the `.idx` file. */
export function findInPack(index: string, digits: string): { name: string; offset: number }[] {
	const read = openReader(index);
	try {
		const header = read(0, 8 + 4 * 256);
		if (header.readUInt32BE(0) !== 0xff744f63 || header.readUInt32BE(4) !== 2) return [];
		const countUpTo = (byte: number) => (byte < 0 ? 0 : header.readUInt32BE(8 + 4 * byte));
		const first = Number.parseInt(digits.slice(0, 2), 16);
		const [from, to, total] = [countUpTo(first - 1), countUpTo(first), countUpTo(255)];
		// Counts that the file has no room for are no counts.
		if (from > to || to > total || header.length + (nameBytes + 8) * total > read.size) return [];
		const names = read(header.length + nameBytes * from, nameBytes * (to - from)).toString('hex');
		const offsets = header.length + (nameBytes + 4) * total;
		const found: { name: string; offset: number }[] = [];
		for (let at = from; at < to; at += 1) {
			const name = names.slice(2 * nameBytes * (at - from), 2 * nameBytes * (at - from + 1));
			if (!name.startsWith(digits)) continue;
			const offset = read(offsets + 4 * at, 4).readUInt32BE();
			const isLong = offset >= 0x80000000;
			const longOffsets = offsets + 4 * total;
			found.push({
				name,
				offset: isLong ? Number(read(longOffsets + 8 * (offset - 0x80000000), 8).readBigUInt64BE()) : offset,
			});
		}
		return found;
	} finally {
		read.close();
	}
}

/** Reads the object at an offset of the pack that an index is for. Throws where there is none. */
export function readFromPack(index: string, offset: number): GitObject {
	const read = openReader(index.replace(/\.idx$/, '.pack'));
	try {
		return readObject(read, index, offset, longestChain);
	} finally {
		read.close();
	}
}

function readObject(read: Reader, index: string, offset: number, chainLeft: number): GitObject {
	if (chainLeft === 0) throw new Error('a chain of deltas without end');
	const packed = read(offset, largestObject);
	const type = ((packed[0] ?? 0) >> 4) & 7;
	let at = 1;
	while ((packed[at - 1] ?? 0) & 0x80) at += 1;
	const kind = kinds[type];
	if (kind !== undefined) return { kind, bytes: inflate(packed.subarray(at)) };
	let baseOffset: number;
	if (type === offsetDelta) {
		let distance = (packed[at] ?? 0) & 0x7f;
		while ((packed[at++] ?? 0) & 0x80) distance = (distance + 1) * 128 + ((packed[at] ?? 0) & 0x7f);
		baseOffset = offset - distance;
	} else if (type === nameDelta) {
		const [found] = findInPack(index, packed.subarray(at, at + nameBytes).toString('hex'));
		if (found === undefined) throw new Error('a delta without its base');
		at += nameBytes;
		baseOffset = found.offset;
	} else {
		throw new Error(`no object of type ${type} is known`);
	}
	const delta = inflate(packed.subarray(at));
	const base = readObject(read, index, baseOffset, chainLeft - 1);
	return { kind: base.kind, bytes: applyDelta(base.bytes, delta) };
}

// What follows the compressed bytes is the next object.
function inflate(bytes: Buffer): Buffer {
	return inflateSync(bytes, { maxOutputLength: 4 * largestObject });
}

function applyDelta(base: Buffer, delta: Buffer): Buffer {
	let at = 0;
	// The sizes of base and result, 7 bits a byte.
	for (let size = 0; size < 2; size += 1) while ((delta[at++] ?? 0) & 0x80);
	const parts: Buffer[] = [];
	let total = 0;
	while (at < delta.length) {
		if (total > 4 * largestObject) throw new Error('an object that is larger than any commit');
		const order = delta[at++] ?? 0;
		if (order & 0x80) {
			let [from, length] = [0, 0];
			for (let byte = 0; byte < 4; byte += 1) if (order & (1 << byte)) from += (delta[at++] ?? 0) * 2 ** (8 * byte);
			for (let byte = 0; byte < 3; byte += 1) if (order & (16 << byte)) length += (delta[at++] ?? 0) * 2 ** (8 * byte);
			length ||= 0x10000;
			parts.push(base.subarray(from, from + length));
			total += length;
		} else {
			parts.push(delta.subarray(at, at + order));
			at += order;
		}
	}
	return Buffer.concat(parts);
}

type Reader = ((position: number, length: number) => Buffer) & { size: number; close(): void };

function openReader(path: string): Reader {
	// Opening a pipe would wait for its other end.
	const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
	const { size } = fstatSync(file);
	const read = (position: number, length: number) => {
		const buffer = Buffer.alloc(Math.max(0, Math.min(length, size - position)));
		return buffer.subarray(0, readSync(file, buffer, 0, buffer.length, position));
	};
	return Object.assign(read, { size, close: () => closeSync(file) });
}
