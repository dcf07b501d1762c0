import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import packageJson from '../../package.json' with { type: 'json' };
import { changeSchema } from '../../src/change/change-schema.ts';
import { createGitlabProject, type GitlabProject } from '../support/gitlab-project.ts';
import { includeNotify } from '../support/include-notify.ts';

type Header = { spec: { inputs: Record<string, { description?: string; default?: unknown }> } };

const template = readFileSync(join(import.meta.dirname, '../../templates/notify.yml'), 'utf8');
const [header, jobs] = parseAllDocuments(template).map((document) => document.toJS()) as [Header, object];
const { inputs } = header.spec;
const deploy = { script: ['./deploy.sh'] };

suite('the inputs of the component notify', () => {
	let project: GitlabProject;
	before(async () => {
		project = await createGitlabProject();
	});
	after(() => project[Symbol.asyncDispose]());

	test('are described, each in one sentence', () => {
		for (const [name, { description }] of Object.entries(inputs)) {
			assert.match(description ?? '', /^[A-Z].*[^.]\.$/, name);
		}
	});

	test('are all used, and no others are', () => {
		const used = JSON.stringify(jobs).matchAll(/\$\[\[ inputs\.(\w+) \]\]/g);
		assert.deepEqual(new Set(Array.from(used, ([, name]) => name)), new Set(Object.keys(inputs)));
	});

	test('leave no hidden job empty, which GitLab rejects and gitlab-ci-local does not', () => {
		for (const [name, job] of Object.entries(jobs)) assert.notDeepEqual(job, {}, name);
	});

	test('name the image of the same version', () => {
		assert.equal(inputs['image_tag']?.default, packageJson.version);
	});

	test('are declared with their types and allowed values', () => {
		const booleans = ['allow_failure', 'dotenv', 'dry_run', 'environment_scope', 'record_failures', 'verbose'];
		const { change_type, risk_level } = changeSchema.properties;
		const declared = Object.entries(inputs).map(([name, { description: _, default: __, ...input }]) => [name, input]);
		assert.deepEqual(Object.fromEntries(declared.filter(([, input]) => Object.keys(input ?? {}).length > 0)), {
			...Object.fromEntries(booleans.map((name) => [name, { type: 'boolean' }])),
			change_type: { options: ['auto', ...change_type.enum] },
			dedupe: { options: ['on-retry', 'always', 'never'] },
			lookup: { options: ['auto', 'never'] },
			risk_level: { options: ['', ...risk_level.enum] },
			rules: { type: 'array' },
			runner_tags: { type: 'array' },
			timeout: { type: 'number' },
		});
		const required = Object.keys(inputs).filter((name) => inputs[name]?.default === undefined);
		assert.deepEqual(required, ['deploy_job', 'environment']);
	});

	test('must include the required ones', async () => {
		const include = includeNotify();
		const pipeline = { include: [{ ...include, inputs: { ...include.inputs, environment: undefined } }], deploy };
		await assert.rejects(project.render(pipeline), /`environment` input: required value/);
	});

	for (const [name, value, complaint] of [
		['change_type', 'deploy', 'not in the list of allowed options'],
		['timeout', 'a minute', 'provided value is not a number'],
		['record_failures', 'yes', 'provided value is not a boolean'],
		['runner_tags', 'docker', 'provided value is not a array'],
	] as const) {
		test(`do not take ${value} as ${name}`, async () => {
			const pipeline = { include: [includeNotify({ [name]: value })], deploy };
			await assert.rejects(project.render(pipeline), new RegExp(`\`${name}\` input: .*${complaint}`));
		});
	}
});
