// Publishes bitbucket/ to the metadata-only repository of the pipe: npm run publish:bitbucket [-- --dry-run]
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { publishBitbucketPipe } from './bitbucket-pipe-repository.ts';

const { values } = parseArgs({ options: { 'dry-run': { type: 'boolean', default: false } } });
try {
	publishBitbucketPipe({
		project: fileURLToPath(new URL('..', import.meta.url)),
		repository: process.env['BITBUCKET_PIPE_REPOSITORY'] || 'https://bitbucket.org/alert24/alert24-notify.git',
		isDryRun: values['dry-run'],
		print: console.log,
	});
} catch (error) {
	console.error(error instanceof Error ? error.message : error);
	process.exitCode = 1;
}
