import { type Alert24StandIn, startAlert24 } from '../../stand-in/alert24-stand-in.ts';
import { startGitlab } from '../../stand-in/gitlab-stand-in.ts';
import { takeTurns } from './take-turns.ts';

/** The time that GitLab's stand-in needs for a response, in ms. */
export const gitlabDelayMs = 100;

export type LookupTimes = Readonly<{
	/** The ms that a record with every independent lookup takes more than a record without lookups. */
	extraMs: number;
	/** The same if the merge request needs a lookup as well. */
	extraWithMergeRequestMs: number;
}>;

const sha = '1a2b3c4d5e6f7a8b9c0d1a2b3c4d5e6f7a8b9c0d';
const olderSha = '0a2b3c4d5e6f7a8b9c0d1a2b3c4d5e6f7a8b9c0d';
const reference = 'Sell shoes\n\nSee merge request acme/shop!42';
const scenario = {
	project: { id: 4711, path: 'acme/shop' },
	commits: [
		{ sha: olderSha, message: 'Sell hats' },
		{ sha, message: 'Sell shoes' },
	],
	mergeRequests: [{ iid: 42, title: 'Sell shoes', mergeCommitSha: sha }],
	jobs: [
		{ id: 800, pipeline: 70, name: 'deploy', sha: olderSha, startedAt: '2026-11-20T10:00:00.000Z' },
		{ id: 903, pipeline: 81, name: 'deploy', sha, startedAt: '2026-11-21T10:00:00.000Z' },
	],
	deployments: [
		{ id: 1, environment: 'production', job: 800 },
		{ id: 2, environment: 'production', job: 903, mergeRequests: [42] },
	],
} as const;

/** Measures the lookups of the program. Throws an Error if it did not send them. */
export async function measureLookups(rounds: number): Promise<LookupTimes> {
	await using alert24 = await startAlert24();
	await using gitlab = await startGitlab(scenario, { delayMs: gitlabDelayMs });
	const program = (name: string, variables: Readonly<Record<string, string>>) => ({
		name,
		command: [process.execPath, 'dist/alert24-notify.js'],
		environment: { ...buildEnvironment(alert24), ...gitlab.variables, ...variables },
	});
	const programs = [
		program('without', { ALERT24_LOOKUP: 'never' }),
		program('with', { CI_COMMIT_MESSAGE: reference }),
		program('with merge request', { CI_COMMIT_MESSAGE: 'Sell shoes' }),
	];
	const times = await takeTurns(programs, rounds);
	const runs = rounds + 1;
	// The job, the commit and the deployments; in one of the programs also the merge requests, shipped and of the
	// commit.
	if (gitlab.requests.length !== runs * (3 + 5))
		throw new Error(`the program sent ${gitlab.requests.length / runs} lookups, not 8, in two records`);
	return {
		extraMs: times.differenceMs('with', 'without'),
		extraWithMergeRequestMs: times.differenceMs('with merge request', 'without'),
	};
}

function buildEnvironment(alert24: Alert24StandIn): Record<string, string> {
	return {
		PATH: process.env['PATH'] ?? '',
		GITLAB_CI: 'true',
		CI_COMMIT_SHA: sha,
		CI_PIPELINE_ID: '81',
		CI_PIPELINE_CREATED_AT: '2026-11-21T09:50:00Z',
		ALERT24_DEPLOY_JOB: 'deploy',
		ALERT24_ENVIRONMENT: 'production',
		ALERT24_API_URL: alert24.url,
		ALERT24_API_KEY: alert24.apiKey,
	};
}
