import type { ErrorObject } from 'ajv';
import { InvalidChangeError } from '../reported-error.ts';
import { quote } from '../text/visible-text.ts';
import type { Change } from './change-schema.ts';
import { isChange } from './compile-change-schema.ts';

// Each pattern in words.
const patternRules: Readonly<Record<string, string>> = {
	service_id: 'must be one id without spaces and slashes',
	commit_sha: 'must be 7 to 64 hexadecimal digits',
	pr_number: 'must be a number of at most 20 digits, as text',
	pr_url: 'must be an http or https URL without spaces',
	pipeline_url: 'must be an http or https URL without spaces',
	external_id: 'must be printable ASCII without double quotes and backslashes, and not blank',
};

/**
 * A rule of the schema that a value breaks: the field ('' is the whole change), and a sentence with the field, the rule
 * and the value.
 */
export type Violation = Readonly<{ field: string; isAbsence: boolean; message: string }>;

/** Returns every rule of the schema that a value breaks. */
export function findViolations(value: unknown): Violation[] {
	if (isChange(value)) return [];
	return (isChange.errors ?? []).map((error) => ({
		field: error.instancePath.split('/')[1] ?? '',
		isAbsence: error.keyword === 'required',
		message: describeViolation(error),
	}));
}

/** Throws an InvalidChangeError with every violation of the schema. */
export function assertValidChange(value: unknown): asserts value is Change {
	const violations = findViolations(value);
	if (violations.length > 0) throw new InvalidChangeError(violations.map((violation) => violation.message));
}

function describeViolation(error: ErrorObject): string {
	// '/tags/2' is the third tag.
	const [, field = 'a change', index] = error.instancePath.split('/');
	const name = index === undefined ? field : `${field}[${index}]`;
	const value = quote(error.data);
	switch (error.keyword) {
		case 'required':
			return `${error.params['missingProperty']} is required`;
		case 'additionalProperties':
			return `${quote(error.params['additionalProperty'])} is not a field of a change`;
		case 'enum':
			return `${name} must be one of ${error.params['allowedValues'].join(', ')}; got ${value}`;
		case 'type':
			return `${name} must be ${error.params['type'] === 'object' ? 'a JSON object' : `of type ${error.params['type']}`}; got ${value}`;
		case 'maxLength':
			return `${name} must have at most ${error.params['limit']} characters; got ${[...String(error.data)].length}: ${value}`;
		case 'pattern':
			return `${name} ${patternRules[field] ?? 'must not be blank'}; got ${value}`;
		case 'uniqueItems':
			return `${name} must not contain the same text twice; got ${value}`;
		case 'maxItems':
		case 'minItems':
			return `${name} must have ${error.keyword === 'maxItems' ? 'at most' : 'at least'} ${error.params['limit']} texts; got ${(error.data as unknown[]).length}`;
		default:
			return `${name} ${error.message}; got ${value}`;
	}
}
