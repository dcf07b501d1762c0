import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { runDemo } from './run-demo.ts';

// Ctrl-C reaches the pipeline too. It ends, and the demo with it, after what it made has been removed.
process.on('SIGINT', () => {});

const missing = ['git', 'bash'].filter((command) => spawnSync(command, ['--version']).error !== undefined);
if (missing.length > 0) {
	console.error(
		`The demo runs a pipeline on this machine and needs ${missing.join(' and ')}. Install it, then try again.`,
	);
	process.exitCode = 1;
} else {
	const bundle = join(import.meta.dirname, '../dist/alert24-notify.js');
	const isRecorded = await runDemo(`exec '${process.execPath}' '${bundle}' "$@"`, console.log);
	process.exitCode = isRecorded ? 0 : 1;
}
