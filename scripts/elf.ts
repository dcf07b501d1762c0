// 64-bit little-endian ELF files, which is what programs and libraries are on amd64 and arm64: elf(5).
const header = { programs: 0x20, entrySize: 0x36, entryCount: 0x38 };
const loaded = 1;
const dynamic = 2;
const interpreter = 3;
const needed = 1n;
const stringTable = 5n;

/** A part of the file: `type` as elf(5) numbers it, `address` where it is loaded. */
export type Segment = Readonly<{ type: number; offset: number; address: number; sizeInFile: number }>;

/** Whether the bytes are such a file. */
export function isElf(file: Buffer): boolean {
	return file.toString('latin1', 0, 6) === '\x7fELF\x02\x01';
}

/** The segments of a program or library. */
export function readSegments(file: Buffer): Segment[] {
	const start = Number(file.readBigUInt64LE(header.programs));
	const size = file.readUInt16LE(header.entrySize);
	return Array.from({ length: file.readUInt16LE(header.entryCount) }, (_, index) => {
		const at = start + index * size;
		const read = (field: number) => Number(file.readBigUInt64LE(at + field));
		return { type: file.readUInt32LE(at), offset: read(0x08), address: read(0x10), sizeInFile: read(0x20) };
	});
}

/** The file names of the libraries that a program or library asks for, its interpreter included. */
export function readNeeded(file: Buffer): string[] {
	const segments = readSegments(file);
	const find = (type: number) => segments.find((segment) => segment.type === type);
	const names: string[] = [];
	const { offset: path } = find(interpreter) ?? {};
	if (path !== undefined) names.push(readText(file, path).replace(/.*\//, ''));
	const { offset = 0, sizeInFile = 0 } = find(dynamic) ?? {};
	const entries = Array.from({ length: sizeInFile / 16 }, (_, index) => {
		const at = offset + index * 16;
		return { tag: file.readBigUInt64LE(at), value: Number(file.readBigUInt64LE(at + 8)) };
	});
	const table = entries.find(({ tag }) => tag === stringTable)?.value ?? 0;
	const holds = ({ type, address, sizeInFile: size }: Segment) =>
		type === loaded && address <= table && table < address + size;
	const segment = segments.find(holds);
	if (segment === undefined) return names;
	const texts = table - segment.address + segment.offset;
	return [...names, ...entries.filter(({ tag }) => tag === needed).map(({ value }) => readText(file, texts + value))];
}

function readText(file: Buffer, start: number): string {
	return file.toString('latin1', start, file.indexOf(0, start));
}
