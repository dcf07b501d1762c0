import type { Plugin } from 'esbuild';

// got loads these at its start, for HTTP/2 and for cached responses. The program uses neither.
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
};

/**
 * Leaves modules out of the bundle that got loads and the program does not use. docs/decisions/startup.md has the
 * figures.
 */
export function leaveOut(): Plugin {
	return {
		name: 'leave-out',
		setup(build) {
			build.onResolve({ filter: /^(node:http2|cacheable-request)$/ }, ({ path }) => ({ path, namespace: 'left-out' }));
			build.onLoad({ filter: /.*/, namespace: 'left-out' }, ({ path }) => ({ contents: standIns[path] ?? '' }));
		},
	};
}
