// Where elf(5) keeps the fields of a 64-bit file header, and of an entry of its program headers.
const header = {
	programs: 0x20,
	sections: 0x28,
	entrySize: 0x36,
	entryCount: 0x38,
	sectionCount: 0x3c,
	sectionNames: 0x3e,
};
const entry = { offset: 0x08, sizeInFile: 0x20 };

/**
 * A program without its symbols and debugging data. What runs are the segments that are loaded; what lies behind the last of them goes, and with it
 * the table of sections. Other than binutils' strip it needs no package in the build. Throws for what is no 64-bit little-endian ELF file.
 */
export function stripElf(program: Buffer): Buffer {
	if (program.toString('latin1', 0, 6) !== '\x7fELF\x02\x01') throw new Error('not a 64-bit little-endian ELF file');
	const programs = Number(program.readBigUInt64LE(header.programs));
	const entrySize = program.readUInt16LE(header.entrySize);
	const ends = Array.from({ length: program.readUInt16LE(header.entryCount) }, (_, index) => {
		const at = programs + index * entrySize;
		return Number(program.readBigUInt64LE(at + entry.offset) + program.readBigUInt64LE(at + entry.sizeInFile));
	});
	const stripped = Buffer.from(program.subarray(0, Math.max(...ends)));
	stripped.writeBigUInt64LE(0n, header.sections);
	stripped.writeUInt16LE(0, header.sectionCount);
	stripped.writeUInt16LE(0, header.sectionNames);
	return stripped;
}
