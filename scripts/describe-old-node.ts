/**
 * Returns the reason why a version of Node cannot build and test this project, with the remedy, or undefined if it can.
 * npm installs such a Node on Linux and Windows; on macOS the developer's own runs.
 */
export function describeOldNode(version: string): string | undefined {
	const [major = 0, minor = 0] = version.split('.').map(Number);
	if (major > 24 || (major === 24 && minor >= 5)) return undefined;
	return (
		`Node ${version} is too old: this project needs Node 24.5 or newer. Install Node 24 ` +
		'(https://nodejs.org/en/download), or run `npm ci` and then the npm script: npm installs Node on Linux and Windows.'
	);
}
