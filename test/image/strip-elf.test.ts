import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { stripElf } from '../../scripts/strip-elf.ts';

describe('stripElf', { skip: process.platform !== 'linux' && 'this machine has no ELF programs' }, () => {
	it('makes Node smaller and leaves it working', (t) => {
		const folder = mkdtempSync(join(tmpdir(), 'alert24-strip-'));
		t.after(() => rmSync(folder, { recursive: true }));
		const stripped = join(folder, 'node');
		writeFileSync(stripped, stripElf(readFileSync(process.execPath)), { mode: 0o755 });
		const program = 'process.version + new Intl.DisplayNames("de", { type: "region" }).of("FR")';
		assert.equal(execFileSync(stripped, ['-p', program], { encoding: 'utf8' }), `${process.version}Frankreich\n`);
		assert.ok(statSync(stripped).size < statSync(process.execPath).size - 1_000_000);
	});

	it('refuses what is no program', () => {
		assert.throws(() => stripElf(Buffer.from('#!/bin/sh\n')), /not a 64-bit little-endian ELF file/);
	});
});
