import type { Plugin } from 'esbuild';

// What got loads at its start for HTTP/2 and for caching answers, neither of which this program asks for: 15 ms and 40 kB.
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

/** Leaves out of the bundle what its dependencies load and the program never uses. */
export function leaveOut(): Plugin {
	return {
		name: 'leave-out',
		setup(build) {
			build.onResolve({ filter: /^(node:http2|cacheable-request)$/ }, ({ path }) => ({ path, namespace: 'left-out' }));
			build.onLoad({ filter: /.*/, namespace: 'left-out' }, ({ path }) => ({ contents: standIns[path] ?? '' }));
		},
	};
}
