import { runProcess } from './run-process.ts';

void runProcess();
