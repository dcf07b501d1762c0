import { readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Script } from 'node:vm';

// Starts the bundle in the image, with V8's compiled code from the file beside it. Node's own compile cache would not do: it is kept for one
// user id, and the image runs as any. Code of another V8 or another bundle is rejected by V8, and the bundle is then compiled as usual.
const filename = join(dirname(realpathSync(process.argv[1] ?? '')), 'alert24-notify.js');
const source = readFileSync(filename, 'latin1');
new Script(source, { filename, cachedData: readFileSync(`${filename}.cache`) }).runInThisContext();
