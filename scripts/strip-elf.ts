import { isElf, readSegments } from './elf.ts';

const header = { sections: 0x28, sectionCount: 0x3c, sectionNames: 0x3e };

/**
 * A program without its symbols and debugging data. What runs are the segments that are loaded; what lies behind the last of them goes, and with it
 * the table of sections. Other than binutils' strip it needs no package in the build. Throws for what is no 64-bit little-endian ELF file.
 */
export function stripElf(program: Buffer): Buffer {
	if (!isElf(program)) throw new Error('not a 64-bit little-endian ELF file');
	const end = Math.max(...readSegments(program).map(({ offset, sizeInFile }) => offset + sizeInFile));
	const stripped = Buffer.from(program.subarray(0, end));
	stripped.writeBigUInt64LE(0n, header.sections);
	stripped.writeUInt16LE(0, header.sectionCount);
	stripped.writeUInt16LE(0, header.sectionNames);
	return stripped;
}
