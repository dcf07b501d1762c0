import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createGitlabProject, type RenderedJob } from '../support/gitlab-project.ts';
import { includeCommitUnderTest } from './components.ts';
import { readPage } from './pages.ts';

type RecordingJobs = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** The jobs of each example that record, and the facts of them that the example is about. */
export const recordingJobs: Readonly<Record<string, RecordingJobs>> = {
	'child-pipeline/child': { 'alert24:success': { ALERT24_DEPLOY_JOB: 'deploy-production' }, 'alert24:failure': {} },
	'manual-production': { 'alert24:success': { ALERT24_RECORD_FAILURES: 'true' }, 'alert24:failure': {} },
	matrix: { deploy: {} },
	monorepo: {
		'deploy-cart': { ALERT24_SERVICE_ID: 'svc_cart', ALERT24_NAME: 'cart' },
		'deploy-search': { ALERT24_SERVICE_ID: 'svc_search', ALERT24_NAME: 'search' },
	},
	'one-service': { 'alert24:success': { ALERT24_SERVICE_ID: 'svc_abc123' }, 'alert24:failure': {} },
	'own-job': { record: { ALERT24_DEPLOY_JOB: 'deploy-production' } },
	replay: { 'alert24:success': {}, 'alert24:failure': {}, 'alert24:replay': {}, 'alert24:replay:failure': {} },
	'review-apps': { 'deploy-review': {}, 'deploy-production': { ALERT24_RECORD_FAILURES: 'true' } },
	'scheduled-sync': { 'alert24:success': {}, 'alert24:failure': {}, 'alert24:sync': {} },
	'self-managed': { 'alert24:success': {}, 'alert24:failure': {} },
	'several-environments': {
		'alert24-staging:success': { ALERT24_ENVIRONMENT: 'staging' },
		'alert24-production:success': { ALERT24_ENVIRONMENT: 'production' },
		'alert24-production:failure': {},
	},
	tags: { 'alert24:success': {} },
	vault: { 'alert24:success': {}, 'alert24:failure': {} },
};

/** Renders an example with gitlab-ci-local, and asserts that its jobs that record are those of the table. */
export async function assertRenders(name: string): Promise<void> {
	await using project = await createGitlabProject();
	// For `changes`.
	execFileSync('git', ['update-ref', 'refs/remotes/origin/main', 'HEAD'], { cwd: project.directory });
	const jobs = await project.render(includeCommitUnderTest(readPage(`examples/${name}.gitlab-ci.yml`)));
	const expected = recordingJobs[name] ?? {};
	const recording = Object.entries(jobs).filter(([, job]) => isEnabled(job) && (runsCommand(job) || callsHook(job)));
	assert.deepEqual(recording.map(([job]) => job).sort(), Object.keys(expected).sort(), name);
	for (const [job, variables] of Object.entries(expected)) {
		assert.partialDeepStrictEqual(jobs[job]?.variables ?? {}, variables, `${name}: ${job}`);
	}
}

const isEnabled = ({ rules }: RenderedJob): boolean => JSON.stringify(rules) !== '[{"when":"never"}]';

/** Returns true if the script of a job calls the command. */
export const runsCommand = ({ script }: RenderedJob): boolean =>
	[script ?? []].flat().some((line) => String(line).includes('alert24-notify'));

const callsHook = ({ after_script: lines }: RenderedJob): boolean =>
	[lines ?? []].flat().some((line) => String(line).includes('# Record this deployment in Alert24'));
