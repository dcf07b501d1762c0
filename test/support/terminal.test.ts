import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTerminal } from './terminal.ts';

test('a terminal in memory keeps both streams apart, in order', () => {
	const terminal = createTerminal();
	terminal.writeOut('Recorded: ');
	terminal.writeErr('alert24-notify: warning\n');
	terminal.writeOut('chg_1\n');
	assert.equal(terminal.stdout, 'Recorded: chg_1\n');
	assert.equal(terminal.stderr, 'alert24-notify: warning\n');
	assert.equal(createTerminal().stdout, '');
});
