import manifest from '../package.json' with { type: 'json' };

/** The one version number: package.json = git tag = image tag = the literal in the templates. */
export const version: string = manifest.version;
