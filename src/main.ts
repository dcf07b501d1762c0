import { exitCodes } from './exit-codes.ts';
import { runProcess } from './run-process.ts';

const [, , command = ''] = process.argv;

// The relay's libraries would slow down the start of every job, so these commands have a bundle of their own: see
// scripts/build.ts.
if (['serve', 'explain', 'outbox'].includes(command)) void import('./serve-main.ts').catch(reportMissingFile);
else void runProcess();

// A release offers the first bundle alone, the image contains both.
function reportMissingFile(error: NodeJS.ErrnoException): void {
	if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
	process.stderr.write(`alert24-notify: this file does not contain "${command}": use the image, which does\n`);
	process.exitCode = exitCodes.configuration;
}
