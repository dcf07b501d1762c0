import type { Plugin } from 'esbuild';

// got loads these at its start, for HTTP/2, cached responses, cached addresses and compressed responses. The program
// uses none of them.
const standIns: Readonly<Record<string, string>> = {
	'node:http2': `
		export class Http2ServerResponse {}
		export const constants = {};
		export default { constants };
	`,
	'cacheable-request': `
		export default class CacheableRequest {}
		export class CacheError extends Error {}
	`,
	'./utils/dns-cache.js': 'export default class DnsCache {}',
	'./utils/decompress-response.js': 'export default function decompressResponse() {}',
};

/**
 * Leaves modules out of the bundle that got loads and the program does not use. docs/decisions/startup.md has the
 * figures.
 */
export function leaveOut(): Plugin {
	return {
		name: 'leave-out',
		setup(build) {
			const filter = /^(node:http2|cacheable-request|\.\/utils\/(dns-cache|decompress-response)\.js)$/;
			build.onResolve({ filter }, ({ path }) => ({ path, namespace: 'left-out' }));
			build.onLoad({ filter: /.*/, namespace: 'left-out' }, ({ path }) => ({ contents: standIns[path] ?? '' }));
		},
	};
}
