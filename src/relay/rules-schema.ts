import type { FromSchema, JSONSchema } from 'json-schema-to-ts';
import { changeSchema } from '../change/change-schema.ts';

const { service_id, change_type, risk_level, tags } = changeSchema.properties;

const pattern = { type: 'string', minLength: 1, maxLength: 255 } as const;
const patterns = {
	anyOf: [pattern, { type: 'array', minItems: 1, maxItems: 1000, items: pattern }],
} as const;

const matchers = {
	project: patterns,
	environment: patterns,
	branch: patterns,
	tag: patterns,
	status: patterns,
} as const;

/** The rules file of the relay: which events are recorded, and as what. */
export const rulesSchema = {
	$schema: 'https://json-schema.org/draft/2020-12/schema',
	$id: 'https://gitlab.com/alert24/alert24-notify/relay-rules.schema.json',
	title: 'Relay rules',
	type: 'object',
	additionalProperties: false,
	required: ['rules'],
	properties: {
		record_failures: { type: 'boolean' },
		ignore: {
			type: 'array',
			items: { type: 'object', additionalProperties: false, minProperties: 1, properties: matchers },
		},
		rules: {
			type: 'array',
			minItems: 1,
			items: {
				type: 'object',
				additionalProperties: false,
				required: ['project'],
				properties: {
					...matchers,
					service_id: { anyOf: [service_id, { type: 'array', minItems: 1, uniqueItems: true, items: service_id }] },
					record_failures: { type: 'boolean' },
					change_type: { type: 'string', enum: [...change_type.enum, 'auto'] },
					risk_level,
					tags,
					name: { type: 'string', pattern: changeSchema.properties.summary.pattern, maxLength: 200 },
				},
			},
		},
	},
} as const satisfies JSONSchema;

/** The content of a rules file. */
export type RulesFile = FromSchema<typeof rulesSchema>;

export type RuleDefinition = RulesFile['rules'][number];
