import assert from 'node:assert/strict';

type Rule = Readonly<{ if?: string; when?: string }>;

/** A job as gitlab-ci-local renders it. */
export type RenderedNeed = Readonly<{ job: string; optional?: boolean; artifacts?: boolean }>;
export type PipelineJob = Readonly<{
	rules?: readonly Rule[];
	needs?: readonly RenderedNeed[];
	variables?: Readonly<Record<string, string>>;
	[keyword: string]: unknown;
}>;
/** A rendered pipeline: jobs by name, beside the keywords that are not jobs. */
export type RenderedPipeline = Readonly<Record<string, PipelineJob>>;
/** The predefined variables that decide which jobs a pipeline contains. */
export type PipelineKind = Readonly<Record<string, string>>;

const servers = { 'on gitlab.com': 'gitlab.com', 'on a mirror': 'gitlab.example.com' } as const;
const sources = {
	'of a branch': { CI_PIPELINE_SOURCE: 'push', CI_COMMIT_BRANCH: 'main' },
	'of a tag': { CI_PIPELINE_SOURCE: 'push', CI_COMMIT_TAG: '1.2.3' },
	'of a merge request': { CI_PIPELINE_SOURCE: 'merge_request_event', CI_MERGE_REQUEST_IID: '7' },
} as const;

/** Every kind of pipeline that this project has, by its description. */
export const pipelineKinds: Readonly<Record<string, PipelineKind>> = Object.fromEntries(
	Object.entries(servers).flatMap(([place, CI_SERVER_FQDN]) =>
		Object.entries(sources).map(([source, variables]) => [`${source} ${place}`, { CI_SERVER_FQDN, ...variables }]),
	),
);

/** Returns the kind of a child pipeline that a pipeline of the kind given triggers. */
export function childOf(kind: PipelineKind): PipelineKind {
	return { ...kind, CI_PIPELINE_SOURCE: 'parent_pipeline' };
}

/** Returns the jobs of the pipeline by name, whichever kind they run in. */
export function jobsOf(pipeline: RenderedPipeline): [string, PipelineJob][] {
	return Object.entries(pipeline).filter(([, job]) => 'script' in job || 'trigger' in job);
}

/** Returns the names of the jobs that GitLab creates in a pipeline of this kind. */
export function listJobs(pipeline: RenderedPipeline, kind: PipelineKind): string[] {
	const workflow = pipeline['workflow']?.rules;
	if (workflow !== undefined && !isIncluded(workflow, kind)) return [];
	// https://docs.gitlab.com/ci/pipelines/merge_request_pipelines/: without rules, a job is for branches and tags
	// only, unless `workflow: rules` decides for the whole pipeline.
	const withoutRules = workflow !== undefined || kind['CI_MERGE_REQUEST_IID'] === undefined;
	return jobsOf(pipeline)
		.filter(([, { rules }]) => (rules === undefined ? withoutRules : isIncluded(rules, kind)))
		.map(([name]) => name);
}

/** Returns each need, as `<job> needs <job>`, that a pipeline of this kind lacks. GitLab refuses to create it. */
export function findMissingNeeds(pipeline: RenderedPipeline, kind: PipelineKind): string[] {
	const names = listJobs(pipeline, kind);
	return names.flatMap((name) =>
		(pipeline[name]?.needs ?? [])
			.filter(({ job, optional }) => optional !== true && !names.includes(job))
			.map(({ job }) => `${name} needs ${job}`),
	);
}

/** Returns the jobs with the keyword `release` that have no checkout, from which GitLab reads `templates/`. */
export function findReleasesWithoutCheckout(pipeline: RenderedPipeline): string[] {
	const global = (pipeline['variables'] as Readonly<Record<string, string>> | undefined)?.['GIT_STRATEGY'];
	return jobsOf(pipeline)
		.filter(([, job]) => job['release'] !== undefined)
		.filter(([, { variables }]) => /^(none|empty)$/.test(variables?.['GIT_STRATEGY'] ?? global ?? 'fetch'))
		.map(([name]) => name);
}

function isIncluded(rules: readonly Rule[], kind: PipelineKind): boolean {
	for (const rule of rules) {
		const unknown = Object.keys(rule).filter((keyword) => keyword !== 'if' && keyword !== 'when');
		assert.deepEqual(unknown, [], 'this evaluation supports only `if` and `when`');
		if (rule.if === undefined || evaluateCondition(rule.if, kind)) return rule.when !== 'never';
	}
	return false;
}

// https://docs.gitlab.com/ci/jobs/job_rules/#cicd-variable-expressions, as far as this project's conditions go.
function evaluateCondition(condition: string, kind: PipelineKind): boolean {
	return condition.split('||').some((part) => part.split('&&').every((term) => evaluateTerm(term.trim(), kind)));
}

function evaluateTerm(term: string, kind: PipelineKind): boolean {
	const match = /^\$(\w+)(?:\s*(==|!=)\s*(["'])([^"'$]*)\3)?$/.exec(term);
	assert.ok(match, `this evaluation does not support the condition ${term}`);
	const [, name = '', operator, , expected] = match;
	const value = kind[name];
	if (operator === undefined) return value !== undefined && value !== '';
	return (value === expected) === (operator === '==');
}
