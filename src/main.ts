import { runProcess } from './run-process.ts';

// The relay's libraries would slow down the start of every job, so these commands have a bundle of their own: see scripts/build.ts.
if (['serve', 'explain', 'outbox'].includes(process.argv[2] ?? '')) void import('./serve-main.ts');
else void runProcess();
