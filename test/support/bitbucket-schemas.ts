import { Ajv2020 } from 'ajv/dist/2020.js';

// No npm package contains Atlassian's schema of bitbucket-pipelines.yml
// (https://api.bitbucket.org/schemas/pipelines-configuration). These are the parts that a deployment with this pipe
// needs. They are stricter: Atlassian's schema accepts an unknown key of a step and a pipe without a version.
const text = { type: 'string', minLength: 1 };
const texts = { type: 'array', minItems: 1, items: text };
const versioned = { type: 'string', pattern: '^(docker://[a-z0-9.-]+/)?[a-z0-9-]+/[a-z0-9-]+:\\d+\\.\\d+\\.\\d+$' };
const pipe = {
	type: 'object',
	additionalProperties: false,
	required: ['pipe'],
	properties: {
		pipe: versioned,
		// Numbers and booleans only in quotes.
		variables: {
			type: 'object',
			propertyNames: { pattern: '^[A-Z][A-Z0-9_]*$' },
			additionalProperties: { anyOf: [{ type: 'string' }, texts] },
		},
	},
};
const script = { type: 'array', minItems: 1, items: { anyOf: [text, pipe] } };
const step = {
	type: 'object',
	additionalProperties: false,
	required: ['step'],
	properties: {
		step: {
			type: 'object',
			additionalProperties: false,
			required: ['script'],
			properties: {
				name: text,
				image: { anyOf: [text, { type: 'object', required: ['name'], properties: { name: text } }] },
				deployment: text,
				trigger: { enum: ['automatic', 'manual'] },
				'runs-on': texts,
				clone: { type: 'object', additionalProperties: false, properties: { enabled: { type: 'boolean' } } },
				script,
				'after-script': script,
				artifacts: texts,
				// The documentation describes it; the published schema lacks it.
				'output-variables': texts,
			},
		},
	},
};
const steps = { type: 'array', minItems: 1, items: step };
const pipelines = {
	type: 'object',
	additionalProperties: false,
	required: ['pipelines'],
	properties: {
		image: text,
		pipelines: {
			type: 'object',
			additionalProperties: false,
			minProperties: 1,
			properties: {
				default: steps,
				branches: { type: 'object', additionalProperties: steps },
				tags: { type: 'object', additionalProperties: steps },
				custom: { type: 'object', additionalProperties: steps },
			},
		},
	},
};

/** Validates a bitbucket-pipelines.yml or a part of it: steps, a script, or an object with a `script`. */
export const isPipelinesPart = compile({
	anyOf: [
		pipelines,
		steps,
		script,
		{ type: 'object', additionalProperties: false, properties: { script, 'after-script': script }, minProperties: 1 },
	],
});

/** Validates a pipe.yml as generator-bitbucket-pipe writes it. */
export const isPipeMetadata = compile({
	type: 'object',
	additionalProperties: false,
	required: ['name', 'image', 'description', 'category', 'repository', 'vendor', 'maintainer', 'tags'],
	properties: {
		name: text,
		image: { type: 'string', pattern: '^[a-z0-9./-]+:\\d+\\.\\d+\\.\\d+$' },
		description: text,
		category: {
			enum: [
				'Alerting',
				'Artifact management',
				'Code quality',
				'Deployment',
				'Feature flagging',
				'Monitoring',
				'Notifications',
				'Security',
				'Testing',
				'Utilities',
			],
		},
		repository: { type: 'string', pattern: '^https://bitbucket\\.org/[a-z0-9-]+/[a-z0-9-]+$' },
		vendor: { $ref: '#/$defs/party' },
		maintainer: { $ref: '#/$defs/party' },
		tags: texts,
		variables: {
			type: 'array',
			items: {
				type: 'object',
				additionalProperties: false,
				required: ['name', 'default'],
				properties: { name: { type: 'string', pattern: '^[A-Z][A-Z0-9_]*$' }, default: { type: 'string' } },
			},
		},
	},
	$defs: {
		party: {
			type: 'object',
			additionalProperties: false,
			required: ['name', 'website'],
			properties: { name: text, website: { type: 'string', pattern: '^https://' }, email: text },
		},
	},
});

function compile(schema: object): (value: unknown) => boolean {
	const validate = new Ajv2020({ strict: true, strictTypes: false, strictRequired: false }).compile(schema);
	return (value) => validate(value) as boolean;
}
