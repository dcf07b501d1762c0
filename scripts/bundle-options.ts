import { Ajv2020 } from 'ajv/dist/2020.js';
import standaloneCode from 'ajv/dist/standalone/index.js';
import type { BuildOptions, Plugin } from 'esbuild';
import { changeSchema } from '../src/change/change-schema.ts';
import { ajvOptions } from '../src/change/compile-change-schema.ts';
import { rulesAjvOptions } from '../src/relay/compile-rules-schema.ts';
import { rulesSchema } from '../src/relay/rules-schema.ts';
import { leaveOut } from './leave-out.ts';

/** The oldest Node that runs the bundle: older ones lack process.getBuiltinModule. */
export const oldestNode = '22.3';

/** The esbuild options of the program. The benchmark bundles the alternatives with the same ones. */
export const bundleOptions = {
	bundle: true,
	platform: 'node',
	target: `node${oldestNode}`,
	// Neither CommonJS nor an ES module, so that the file runs below every package.json.
	format: 'iife',
	banner: {
		js: [
			'#!/usr/bin/env node',
			// 126, as a shell reports a program that cannot start: then the hook records without the program.
			"'use strict';if(!process.getBuiltinModule){",
			`console.error('alert24-notify: Node '+process.version+' is too old: use Node ${oldestNode} or newer');process.exit(126)}`,
			"var require=process.getBuiltinModule('node:module').createRequire(process.execPath),",
			"bundleUrl=process.getBuiltinModule('node:url').pathToFileURL(process.execPath).href,",
			'NoFormData=class{},NoReadableStream=class{},NoListFormat=class{format(list){return list.join()}};',
		].join('\n'),
	},
	define: {
		// yargs reads it at its start, to find translations that the bundle does not have.
		'import.meta.url': 'bundleUrl',
		// got tests whether a body is one of these. The first use of the globals makes Node load fetch and web streams.
		FormData: 'NoFormData',
		ReadableStream: 'NoReadableStream',
		// A dependency of got makes two lists for the messages of assertions, which makes Node load ICU's patterns.
		'Intl.ListFormat': 'NoListFormat',
	},
	minify: true,
	keepNames: false,
	legalComments: 'none',
	logLevel: 'warning',
	plugins: [compiledSchemas(), leaveOut()],
} as const satisfies BuildOptions;

/**
 * Returns the plugin that leaves the relay out of a bundle: `serve`, `explain` and `outbox` run from a bundle of their
 * own.
 */
export function withoutRelay(): Plugin {
	return {
		name: 'without-relay',
		setup(build) {
			build.onResolve({ filter: /\/serve-main\.ts$/ }, () => ({ path: './alert24-notify-serve.js', external: true }));
			build.onLoad({ filter: /\/src\/commands\/(serve|explain|outbox)\.ts$/ }, () => ({ contents: '', loader: 'js' }));
		},
	};
}

// Replaces the module that would compile a schema at each start by the code that ajv generates for it: 75 ms less.
function compiledSchemas(): Plugin {
	return {
		name: 'compiled-schemas',
		setup(build) {
			build.onLoad({ filter: /compile-change-schema\.ts$/ }, () => compile(ajvOptions, changeSchema, 'isChange'));
			build.onLoad({ filter: /compile-rules-schema\.ts$/ }, () => compile(rulesAjvOptions, rulesSchema, 'isRulesFile'));
		},
	};
}

function compile(options: typeof ajvOptions | typeof rulesAjvOptions, schema: object, name: string) {
	const ajv = new Ajv2020({ ...options, code: { source: true, esm: true } });
	const validate = ajv.compile(schema);
	return {
		contents: `${standaloneCode.default(ajv, validate)}\nexport const ${name} = validate;`,
		loader: 'js' as const,
	};
}
