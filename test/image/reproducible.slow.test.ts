import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { containers } from '../support/container-engine.ts';

const { engine } = containers;

// The engine itself puts these into a container.
const ofTheEngine = '/proc /sys /dev /run /tmp /etc/hosts /etc/hostname /etc/resolv.conf /etc/mtab';
const list = `
	prune='-path /none'; for path in ${ofTheEngine}; do prune="$prune -o -path $path"; done
	find / -xdev \\( $prune \\) -prune -o -print | sort | while read -r path; do
		stat -c '%A %u:%g %N' "$path"
		[ -L "$path" ] || [ ! -f "$path" ] || sha256sum "$path"
	done`;

async function listFiles(image: string): Promise<string[]> {
	return (await engine.expect(['run', '--rm', '--user=0', image, 'sh', '-c', list])).trim().split('\n');
}

suite('two builds of the image', { skip: containers.skip }, () => {
	test('contain the same files, byte for byte', async (t) => {
		const first = await engine.buildImage('localhost/alert24-notify:test');
		const second = 'localhost/alert24-notify:test-again';
		t.after(() => engine.run(['rmi', '--force', second]));
		await engine.expect(['build', '--quiet', '--no-cache', '--tag', second, '.']);
		const [files, again] = [await listFiles(first), await listFiles(second)];
		assert.ok(files.some((line) => line.endsWith('  /usr/local/lib/alert24-notify/alert24-notify.js')));
		// Only the lines that differ: the lists have thousands.
		assert.deepEqual(
			again.filter((line) => !files.includes(line)),
			files.filter((line) => !again.includes(line)),
		);
	});
});
