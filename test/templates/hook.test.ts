import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { after, before, suite, test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { buildHookTemplate } from '../../scripts/hook-template.ts';
import { changeSchema } from '../../src/change/change-schema.ts';
import { createGitlabProject, type GitlabProject, type RenderedJob } from '../support/gitlab-project.ts';
import { hookInputs, renderHook } from '../support/hook-script.ts';
import { hostileText } from '../support/hostile-text.ts';
import { includeHook } from '../support/include-hook.ts';
import { locate, whyWithoutTools } from '../support/toolbox.ts';

suite('templates/hook.yml', () => {
	test('is what `npm run build:hook` makes of src/hook', () => {
		assert.equal(readFileSync(new URL('../../templates/hook.yml', import.meta.url), 'utf8'), buildHookTemplate());
	});

	test('has at most 450 lines of source and 25 KB of script, whatever is chosen', () => {
		const folder = new URL('../../src/hook/', import.meta.url);
		const lines = readdirSync(folder).flatMap((name) =>
			readFileSync(new URL(name, folder), 'utf8').trimEnd().split('\n'),
		);
		assert.ok(lines.length <= 450, `${lines.length} lines`);
		assert.deepEqual(
			lines.filter((line) => line.length > 120),
			[],
		);
		const { change_type, risk_level } = changeSchema.properties;
		const longest = (words: readonly string[]) => words.toSorted((one, other) => other.length - one.length)[0];
		const enums = { change_type: longest(change_type.enum), risk_level: longest(risk_level.enum), lookup: 'never' };
		const bytes = Buffer.byteLength(renderHook({ ...enums, timeout: 240 }).after_script.join('\n'));
		assert.ok(bytes <= 25_000, `${bytes} bytes`);
	});

	test('declares nothing but inputs, which is all that GitLab before 18.10 takes', () => {
		for (const name of ['hook', 'notify']) {
			const text = readFileSync(new URL(`../../templates/${name}.yml`, import.meta.url), 'utf8');
			assert.deepEqual(Object.keys(parseAllDocuments(text)[0]?.toJS().spec), ['inputs']);
		}
	});

	test('holds a script that shellcheck has nothing against, as POSIX sh', { skip: whyWithoutTools }, () => {
		const [script = ''] = renderHook().after_script;
		const { stdout, status } = spawnSync(
			locate('shellcheck'), // The variables of awk; variables that eval sets; functions that a variable names.
			['--shell=sh', '--format=gcc', '--exclude=SC2016,SC2034,SC2154,SC2317', '-'],
			{
				input: script,
				encoding: 'utf8',
			},
		);
		assert.deepEqual([stdout, status], ['', 0]);
	});

	test('takes nothing into its script that could be more than a word', () => {
		const names = [
			...readFileSync(new URL('../../src/hook/hook.sh', import.meta.url), 'utf8').matchAll(
				/_[A-Z_]+=\S*?\$\[\[ inputs\.(\w+)/g,
			),
		];
		assert.equal(names.length, 7);
		for (const [, name = ''] of names) {
			const { type, options, regex = '' } = hookInputs[name] as { type?: string; options?: string[]; regex?: string };
			const isClosed = type === 'boolean' || type === 'number' || options?.every((option) => /^[a-z_]*$/.test(option));
			// Within single quotes.
			assert.ok(
				isClosed ||
					["'", '\n', ' ', '\0'].every((character) => regex !== '' && !new RegExp(regex).test(`a${character}b`)),
				name,
			);
		}
	});

	test('offers every type of change and level of risk of Alert24', () => {
		const { change_type, risk_level } = changeSchema.properties;
		assert.deepEqual((hookInputs['change_type'] as { options: string[] }).options, ['auto', ...change_type.enum]);
		assert.deepEqual((hookInputs['risk_level'] as { options: string[] }).options, ['', ...risk_level.enum]);
	});

	test('parses in every shell', { skip: whyWithoutTools }, () => {
		const [script = ''] = renderHook().after_script;
		for (const command of [['bash'], ['dash'], ['busybox', 'ash']]) {
			execFileSync(locate(command[0] ?? ''), [...command.slice(1), '-n'], { input: script });
		}
	});
});

suite('a job that extends the component hook', () => {
	let project: GitlabProject;
	let jobs: Record<string, RenderedJob>;

	before(async () => {
		project = await createGitlabProject();
		const include = [
			includeHook({ service_id: 'svc_1', record_failures: true, summary: hostileText, timeout: 30 }),
			includeHook({ job_prefix: 'other' }),
		];
		// Not as JSON: that has no `!reference`.
		jobs = await project.render(`
include: ${JSON.stringify(include)}
stages: [deploy]
variables: {ALERT24_RISK_LEVEL: low}
plain: {stage: deploy, script: [./deploy.sh], extends: .alert24, variables: {ALERT24_SERVICE_ID: svc_2, MINE: '1'}}
other: {stage: deploy, script: [./deploy.sh], extends: .other}
both:
  extends: .alert24
  stage: deploy
  script: [./deploy.sh]
  after_script:
    - echo mine
    - !reference [.alert24, after_script]
reference:
  stage: deploy
  script: [./deploy.sh]
  after_script: !reference [.alert24, after_script]
`);
	});
	after(() => project[Symbol.asyncDispose]());

	test('is the only kind of job that there is: the component adds none', () => {
		assert.deepEqual(
			Object.keys(jobs).filter((name) => !name.startsWith('.') && !['stages', 'variables'].includes(name)),
			['plain', 'other', 'both', 'reference'],
		);
	});

	test('keeps its own variables, beside the texts of the inputs under names of their own', () => {
		assert.deepEqual(jobs['plain']?.variables, {
			ALERT24_DEFAULT_SERVICE_ID: 'svc_1',
			ALERT24_DEFAULT_ENVIRONMENT: '',
			ALERT24_DEFAULT_NAME: '',
			ALERT24_DEFAULT_SUMMARY: hostileText,
			ALERT24_DEFAULT_DESCRIPTION: '',
			ALERT24_DEFAULT_TAGS: '',
			ALERT24_DEFAULT_CHANGED_BY: '',
			ALERT24_DEFAULT_API_URL: 'https://app.alert24.net',
			ALERT24_SERVICE_ID: 'svc_2',
			MINE: '1',
		});
		assert.equal(jobs['other']?.variables?.['ALERT24_DEFAULT_SERVICE_ID'], '');
	});

	test('runs the script of its component, also behind commands of its own and by reference alone', {
		skip: whyWithoutTools,
	}, () => {
		const script = renderHook({ record_failures: true, timeout: 30 }).after_script;
		assert.deepEqual(jobs['plain']?.['after_script'], script);
		assert.deepEqual(jobs['both']?.['after_script'], ['echo mine', ...script]);
		assert.deepEqual(jobs['reference']?.['after_script'], script);
		assert.deepEqual(jobs['other']?.['after_script'], renderHook().after_script);
	});
});
