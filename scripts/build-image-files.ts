// Builds dist/image/: what the image holds of this program.
import { copyFileSync, mkdirSync, rmSync } from 'node:fs';
import { compileForLauncher } from './compile-for-launcher.ts';

const folder = 'dist/image';
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
for (const file of ['alert24-notify.js', 'LICENSES.txt']) copyFileSync(`dist/${file}`, `${folder}/${file}`);
await compileForLauncher(folder);
