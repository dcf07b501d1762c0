import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { changeSchema } from './change-schema.ts';

/** How ajv reads the schema, here and when the bundle is built. */
export const ajvOptions = { allErrors: true, strict: true, verbose: true } as const;

/** ajv's check of a change. In the bundle this module is replaced by the code that ajv generates for it: see scripts/build.ts. */
export const isChange = new Ajv2020(ajvOptions).compile(changeSchema) as ValidateFunction;
