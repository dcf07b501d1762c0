import { Ajv2020 } from 'ajv/dist/2020.js';
import standaloneCode from 'ajv/dist/standalone/index.js';
import type { BuildOptions, Plugin } from 'esbuild';
import { changeSchema } from '../src/change/change-schema.ts';
import { ajvOptions } from '../src/change/compile-change-schema.ts';
import { leaveOut } from './leave-out.ts';

/** How the bundle is built; the benchmark builds what it compares with in the same way. */
export const bundleOptions = {
	bundle: true,
	platform: 'node',
	target: 'node22',
	// Neither CommonJS nor an ES module, so that the file runs whatever package.json lies above it.
	format: 'iife',
	banner: {
		js: [
			'#!/usr/bin/env node',
			"'use strict';var require=process.getBuiltinModule('node:module').createRequire(process.execPath),",
			"bundleUrl=process.getBuiltinModule('node:url').pathToFileURL(process.execPath).href,",
			'NoFormData=class{};',
		].join('\n'),
	},
	define: {
		// yargs asks for it at its start, to find translations that the bundle does not have.
		'import.meta.url': 'bundleUrl',
		// got asks whether a body is FormData, and naming that global alone makes Node load all of fetch: 20 ms, 4 MiB.
		FormData: 'NoFormData',
	},
	minify: true,
	keepNames: false,
	legalComments: 'none',
	logLevel: 'warning',
	plugins: [compiledSchema(), leaveOut()],
} as const satisfies BuildOptions;

// Puts the code that ajv generates for the schema in the place of the module that would compile it at each start: 75 ms less.
function compiledSchema(): Plugin {
	return {
		name: 'compiled-schema',
		setup(build) {
			build.onLoad({ filter: /compile-change-schema\.ts$/ }, () => {
				const ajv = new Ajv2020({ ...ajvOptions, code: { source: true, esm: true } });
				const validate = ajv.compile(changeSchema);
				const code = standaloneCode.default(ajv, validate);
				return { contents: `${code}\nexport const isChange = validate;`, loader: 'js' };
			});
		},
	};
}
