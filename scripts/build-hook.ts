// Writes templates/hook.yml from src/hook.
import { mkdirSync, writeFileSync } from 'node:fs';
import { buildHookTemplate } from './hook-template.ts';

mkdirSync('templates', { recursive: true });
writeFileSync('templates/hook.yml', buildHookTemplate());
