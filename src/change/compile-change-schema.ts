import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { changeSchema } from './change-schema.ts';

/** The options with which ajv reads the schema, here and in the build of the bundle. */
export const ajvOptions = { allErrors: true, strict: true, verbose: true } as const;

/**
 * Returns true for a valid change. The bundle contains the code that ajv generates instead of this module: see
 * scripts/bundle-options.ts.
 */
export const isChange = new Ajv2020(ajvOptions).compile(changeSchema) as ValidateFunction;
