import { Ajv2020 } from 'ajv/dist/2020.js';
import standaloneCode from 'ajv/dist/standalone/index.js';
import type { BuildOptions, Plugin } from 'esbuild';
import { changeSchema } from '../src/change/change-schema.ts';
import { ajvOptions } from '../src/change/compile-change-schema.ts';
import { leaveOut } from './leave-out.ts';

/** The esbuild options of the program. The benchmark bundles the alternatives with the same ones. */
export const bundleOptions = {
	bundle: true,
	platform: 'node',
	target: 'node22',
	// Neither CommonJS nor an ES module, so that the file runs below every package.json.
	format: 'iife',
	banner: {
		js: [
			'#!/usr/bin/env node',
			"'use strict';var require=process.getBuiltinModule('node:module').createRequire(process.execPath),",
			"bundleUrl=process.getBuiltinModule('node:url').pathToFileURL(process.execPath).href,",
			'NoFormData=class{},NoListFormat=class{format(list){return list.join()}};',
		].join('\n'),
	},
	define: {
		// yargs reads it at its start, to find translations that the bundle does not have.
		'import.meta.url': 'bundleUrl',
		// got tests whether a body is FormData. The global's first use makes Node load all of fetch.
		FormData: 'NoFormData',
		// A dependency of got makes two lists for the messages of assertions, which makes Node load ICU's patterns.
		'Intl.ListFormat': 'NoListFormat',
	},
	minify: true,
	keepNames: false,
	legalComments: 'none',
	logLevel: 'warning',
	plugins: [compiledSchema(), leaveOut()],
} as const satisfies BuildOptions;

// Replaces the module that compiles the schema at each start with the code that ajv generates for it.
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
