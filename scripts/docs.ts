// Writes docs/reference.md.
import { mkdirSync, writeFileSync } from 'node:fs';
import { buildReference } from './build-reference.ts';

mkdirSync('docs', { recursive: true });
writeFileSync('docs/reference.md', buildReference());
