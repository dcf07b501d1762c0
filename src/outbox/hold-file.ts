import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { exitCodes } from '../exit-codes.ts';
import { ReportedError } from '../reported-error.ts';
import { quote } from '../text/visible-text.ts';

const patienceMs = 2_000;
const pauseMs = 20;

/**
 * Runs what reads and rewrites a file while no other process of this machine does. Throws a ReportedError where another holds it for longer
 * than two seconds. The hold is a name in Linux's abstract socket namespace, which the kernel gives up with the process, however that
 * ends: no file is left behind. Where there are no such names, nothing is held.
 */
export async function holdFile<Result>(path: string, run: () => Result | Promise<Result>): Promise<Result> {
	const name = `\0alert24-notify-${createHash('sha256').update(path).digest('hex')}`;
	for (let waitedMs = 0; ; waitedMs += pauseMs) {
		const server = createServer();
		try {
			await once(server.listen(name), 'listening');
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') return await run();
			if (waitedMs >= patienceMs) {
				throw new ReportedError(
					exitCodes.configuration,
					`another alert24-notify is using ${quote(path)}: run one at a time`,
				);
			}
			await wait(pauseMs);
			continue;
		}
		try {
			return await run();
		} finally {
			server.close();
		}
	}
}
