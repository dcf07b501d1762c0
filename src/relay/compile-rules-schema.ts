import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { type RulesFile, rulesSchema } from './rules-schema.ts';

/** The options with which ajv compiles the schema, here and when the bundle is built. */
export const rulesAjvOptions = { allErrors: true, strict: true, strictTypes: false, verbose: true } as const;

/**
 * ajv's validation of a rules file. In the bundle, the code that ajv generates replaces this module: see
 * scripts/build.ts.
 */
export const isRulesFile = new Ajv2020(rulesAjvOptions).compile(rulesSchema) as ValidateFunction<RulesFile>;
