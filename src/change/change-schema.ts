import type { FromSchema, JSONSchema } from 'json-schema-to-ts';

// At least one character that is not ASCII whitespace.
const notBlank = '[^ \\t\\n\\v\\f\\r]';
// Printable ASCII without quote and backslash: JSON does not escape it, so that the hook can search for it.
const plainAscii = '^ *[!#-\\[\\]-~][ !#-\\[\\]-~]*$';
const httpUrl = '^https?://[!-~]+$';

/**
 * A change in the form of Alert24's API: the 16 fields of https://alert24.net/docs/api-changes and no others. Alert24
 * does not document lengths. These limits are this program's own, in Unicode characters.
 */
export const changeSchema = {
	$schema: 'https://json-schema.org/draft/2020-12/schema',
	$id: 'https://gitlab.com/alert24/alert24-notify/change.schema.json',
	title: 'Change',
	description: 'One entry of Alert24’s change log.',
	type: 'object',
	additionalProperties: false,
	// Without environment, Alert24 records production.
	required: ['summary', 'environment'],
	properties: {
		summary: { type: 'string', pattern: notBlank, maxLength: 255, description: 'The change in one line.' },
		service_id: {
			type: 'string',
			pattern: '^[^ \\t\\n\\v\\f\\r/]+$',
			maxLength: 255,
			description: 'The changed service; absent: the organization.',
		},
		change_type: {
			type: 'string',
			enum: [
				'deployment',
				'config_change',
				'infrastructure',
				'code',
				'database_migration',
				'feature_flag',
				'rollback',
				'scaling',
				'security_patch',
				'other',
			],
			description: 'The kind of change; absent: deployment.',
		},
		description: { type: 'string', pattern: notBlank, maxLength: 10_000, description: 'Longer text about the change.' },
		source: { type: 'string', pattern: notBlank, maxLength: 50, description: 'The system that reports the change.' },
		commit_sha: { type: 'string', pattern: '^[0-9A-Fa-f]{7,64}$', description: 'The deployed git commit.' },
		commit_message: {
			type: 'string',
			pattern: notBlank,
			maxLength: 10_000,
			description: 'The message of that commit.',
		},
		branch: { type: 'string', pattern: notBlank, maxLength: 255, description: 'The git branch.' },
		pr_number: {
			type: 'string',
			pattern: '^[1-9][0-9]{0,19}$',
			description: 'The number of the merge or pull request, as text.',
		},
		pr_url: { type: 'string', pattern: httpUrl, maxLength: 2048, description: 'The page of that request.' },
		pipeline_url: { type: 'string', pattern: httpUrl, maxLength: 2048, description: 'The page of the pipeline.' },
		environment: {
			type: 'string',
			pattern: notBlank,
			maxLength: 255,
			description: 'The changed environment.',
		},
		risk_level: {
			type: 'string',
			enum: ['low', 'medium', 'high', 'critical'],
			description: 'The risk of the change; absent: low.',
		},
		changed_by: { type: 'string', pattern: notBlank, maxLength: 255, description: 'The person who made the change.' },
		external_id: {
			type: 'string',
			pattern: plainAscii,
			maxLength: 16_384,
			description: 'The unique id of this deployment in the CI.',
		},
		tags: {
			type: 'array',
			minItems: 1,
			maxItems: 50,
			uniqueItems: true,
			items: { type: 'string', pattern: notBlank, maxLength: 255 },
			description: 'Words for searching and grouping.',
		},
	},
} as const satisfies JSONSchema;

/** A change as it is sent. The type follows from the schema. */
export type Change = FromSchema<typeof changeSchema>;

export type ChangeField = keyof Change;
