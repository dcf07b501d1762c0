import fc from 'fast-check';
import { hostileText } from './hostile-text.ts';
import { gitlabJob } from './run-in-process.ts';

/** The key of every hostile environment. Some of them also contain it in a text. */
export const hostileKey = 'ak_live_0123456789abcdefghijABCDEFGHIJ01';

/** A deploy job that only prints its changes. */
export const dryRun = {
	...gitlabJob,
	CI_ENVIRONMENT_NAME: 'production',
	ALERT24_API_KEY: hostileKey,
	ALERT24_DRY_RUN: 'true',
	ALERT24_LOOKUP: 'never',
};

const path = gitlabJob.CI_PROJECT_PATH;
const references = [
	...[
		'See merge request !12',
		`\nSee merge request ${path}!007\r\n`,
		` (${path}!33)`,
		'(!1)',
		'(!2)\u00a0',
		'(!3',
		'!4)',
	],
	`\nSee merge request other/${path}!9`,
	`\nSee merge request ${gitlabJob.CI_PROJECT_URL}/-/merge_requests/5\u2003`,
];
const words =
	'production review/x , : % %3A / \\ " \' `id` $HOME ${X} $(id) * -n \\u0041 é 🚀 👩‍💻 https://example.com/a true failed low auto 0 7';
const blanks = ' |\t|\n|\r|\u000b|\u001b[31m|\u007f|\u0085|\u2028|\u202e|\ufeff|\u3000|\u1680|\ud800';
const long = [
	'é'.repeat(254),
	'🚀'.repeat(5000),
	'a\n'.repeat(5000),
	'\\"'.repeat(600),
	'x'.repeat(254),
	'v'.repeat(50_000),
];
const secrets = [hostileKey, 'ak_live_ABCDEFGHIJKLMNOPQRSTUVWXYZ012345', 'ak_live_short', gitlabJob.CI_JOB_TOKEN];
const pieces = [...references, ...words.split(' '), ...blanks.split('|'), ...long, ...secrets, hostileText];

const anyText = fc.string({ unit: 'binary', maxLength: 12 }).map((text) => text.replaceAll('\0', ''));
const text = fc.array(fc.oneof(fc.constantFrom(...pieces), anyText), { maxLength: 5 }).map((parts) => parts.join(''));
// Most of these values are valid, so that the program does not reject every environment.
const settings = {
	ALERT24_CHANGE_TYPE: fc.constantFrom('', 'auto', 'rollback', 'rollbacks', 'other'),
	ALERT24_RISK_LEVEL: fc.constantFrom('', 'low', 'low high', 'critical'),
	ALERT24_RECORD_FAILURES: fc.constantFrom('true', 'YES', '1', '0', 'maybe'),
	CI_JOB_STATUS: fc.constantFrom('', 'success', 'failed', 'canceled', 'timedout', 'running', 'odd'),
	CI_MERGE_REQUEST_IID: fc.constantFrom('', '12', '0'),
	DB_PASSWORD: fc.constantFrom('production', 'abc', 'x'.repeat(20), ' a b '),
	DEPLOY_TARGET: fc.constantFrom('production', '12', 'é'.repeat(15), 'é'.repeat(16), 'https://u:p@example.com/a'),
	CI_ENVIRONMENT_ACTION: fc.constantFrom('', 'start', 'start', 'stop'),
};
const own = 'NAME SUMMARY DESCRIPTION TAGS CHANGED_BY EXTERNAL_ID SOURCE SERVICE_ID ENVIRONMENT DEPLOY_JOB';
const gitlabs = [
	'CI_ENVIRONMENT_NAME CI_COMMIT_MESSAGE CI_COMMIT_TAG CI_COMMIT_BRANCH CI_PROJECT_NAME CI_COMMIT_SHORT_SHA CI_PIPELINE_URL',
	'CI_JOB_URL CI_JOB_STARTED_AT GITLAB_USER_LOGIN CI_PROJECT_URL CI_SERVER_FQDN CI_JOB_ID CI_MERGE_REQUEST_PROJECT_URL',
].join(' ');
const texts = [...own.split(' ').map((name) => `ALERT24_${name}`), ...gitlabs.split(' ')];
/** Environments of a job, some of them with invalid settings. */
export const hostileEnvironments = fc
	.tuple(fc.record(settings, { requiredKeys: [] }), fc.dictionary(fc.constantFrom(...texts), text, { maxKeys: 4 }))
	.map(([set, given]) => ({ ...dryRun, ...set, ...given }));
