import type { FromSchema, JSONSchema } from 'json-schema-to-ts';

// At least one character that is not ASCII white space.
const notBlank = '[^ \\t\\n\\v\\f\\r]';
const httpUrl = '^https?://[!-~]+$';

/**
 * A change as Alert24's API takes it: the 16 fields of https://alert24.net/docs/api-changes and no others. Alert24 documents no
 * lengths; these limits are this program's own, counted in Unicode characters.
 */
export const changeSchema = {
	$schema: 'https://json-schema.org/draft/2020-12/schema',
	$id: 'https://gitlab.com/alert24/alert24-notify/change.schema.json',
	title: 'Change',
	description: 'One entry of Alert24’s change log.',
	type: 'object',
	additionalProperties: false,
	// Left out, Alert24 would record production.
	required: ['summary', 'environment'],
	properties: {
		summary: { type: 'string', pattern: notBlank, maxLength: 255, description: 'What was changed, in one line.' },
		service_id: {
			type: 'string',
			pattern: '^[^ \\t\\n\\v\\f\\r/]+$',
			maxLength: 255,
			description: 'The service that was changed; absent: the organization.',
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
			description: 'What kind of change it is; absent: deployment.',
		},
		description: { type: 'string', pattern: notBlank, maxLength: 10_000, description: 'The change in more words.' },
		source: { type: 'string', pattern: notBlank, maxLength: 50, description: 'The system that reports the change.' },
		commit_sha: { type: 'string', pattern: '^[0-9A-Fa-f]{7,64}$', description: 'The git commit that was deployed.' },
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
			description: 'The environment that was changed.',
		},
		risk_level: {
			type: 'string',
			enum: ['low', 'medium', 'high', 'critical'],
			description: 'How risky the change is; absent: low.',
		},
		changed_by: { type: 'string', pattern: notBlank, maxLength: 255, description: 'Who made the change.' },
		external_id: {
			type: 'string',
			pattern: notBlank,
			maxLength: 4096,
			description: 'What names this deployment, and no other, in the CI.',
		},
		tags: {
			type: 'array',
			minItems: 1,
			maxItems: 50,
			uniqueItems: true,
			items: { type: 'string', pattern: notBlank, maxLength: 255 },
			description: 'Words to search and group by.',
		},
	},
} as const satisfies JSONSchema;

/** A change as it is sent; its type follows from the schema. */
export type Change = FromSchema<typeof changeSchema>;

export type ChangeField = keyof Change;
