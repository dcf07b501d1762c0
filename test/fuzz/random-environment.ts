import fc from 'fast-check';
import type { Fault } from '../../stand-in/alert24-faults.ts';
import { bitbucketStep } from '../support/bitbucket-step.ts';
import { hostileText } from '../support/hostile-text.ts';
import { gitlabJob } from '../support/run-in-process.ts';
import { secrets } from './secrets.ts';

/** The environment of a job and the world around it, as data: a row of the regression list has the same form. */
export type EnvironmentRow = Readonly<{
	job: keyof typeof jobs;
	/** Variables of the job that are missing. */
	removed: readonly string[];
	set: Readonly<Record<string, string>>;
	server: keyof typeof servers;
	/** The outcome of the deploy job in GitLab's API; absent: no API. */
	outcome?: 'success' | 'failed' | 'canceled';
	/** Where undelivered changes are kept. */
	folder: 'plain' | 'odd name' | 'a file' | 'not writable';
	/** The bytes at the end of the commit message, for the hook: most are not UTF-8. */
	bytes?: readonly number[];
}>;

const userinfo = `fuzz-deployer:${secrets.repositoryPassword}@`;
const repositoryUrl = `https://${userinfo}gitlab.com/shop/web-shop.git`;
const deployJob = {
	...gitlabJob,
	CI_JOB_STATUS: 'success',
	CI_JOB_URL: 'https://gitlab.com/shop/web-shop/-/jobs/903311',
	CI_JOB_STARTED_AT: '2026-11-22T05:00:00Z',
	CI_PIPELINE_CREATED_AT: '2026-11-22T04:58:00Z',
	CI_JOB_TOKEN: secrets.jobToken,
	CI_ENVIRONMENT_NAME: 'production',
	DB_PASSWORD: secrets.databasePassword,
	DEPLOY_CREDENTIALS: secrets.deployToken,
	CI_REPOSITORY_URL: repositoryUrl,
};
const step = { ...bitbucketStep, BITBUCKET_STEP_OIDC_TOKEN: secrets.jobToken };

/** The jobs that a change is recorded from, and places without one. */
export const jobs: Readonly<Record<string, Readonly<Record<string, string>>>> = {
	'deploy job': deployJob,
	'notify job': { ...deployJob, CI_JOB_STATUS: 'running', ALERT24_DEPLOY_JOB: 'deploy' },
	'bitbucket step': step,
	'bitbucket after-script': { ...step, BITBUCKET_EXIT_CODE: '0' },
	'both CIs': { ...step, ...deployJob },
	'no CI': { HOME: '/root' },
};

/** Alert24 as the command and the hook meet it. */
export const servers = {
	healthy: { kind: 'none' },
	down: { kind: 'status', status: 503, recordsFirst: false },
	'lost answers': { kind: 'reset', when: 'after' },
	'refuses the key': { kind: 'status', status: 401, recordsFirst: false },
	'a portal': { kind: 'status', status: 200, body: 'html', recordsFirst: false, isForeign: true },
} as const satisfies Readonly<Record<string, Fault>>;

const { apiKey, jobToken, databasePassword, deployToken } = secrets;
const hostile = [
	...`production review/x , : % %3A / \\ " ' \`id\` $HOME \${X} $(id) $((1/0)) * -n \\u0041 é 🚀 👩‍💻 true failed low auto 0 7`.split(
		' ',
	),
	...' |\t|\n|\r|\u000b|\u001b[31m|\u007f|\u0085|\u2028|\u202e|\ufeff|\u3000|\ud800|\r\n\r\n'.split('|'),
	...[
		'\nRecorded: forged',
		'section_start:1:a\r\u001b[0K',
		'{"format":"alert24-notify undelivered change","version":2',
	],
	...['See merge request !12', `\nSee merge request ${gitlabJob.CI_PROJECT_PATH}!007\r\n`, '(!3)', '(!33', '!4)'],
	...['é'.repeat(254), '🚀'.repeat(5000), 'a\n'.repeat(5000), '\\"'.repeat(600), 'x'.repeat(254), 'v'.repeat(50_000)],
	hostileText,
];
const keys = [apiKey, 'ak_live_ABCDEFGHIJKLMNOPQRSTUVWXYZ012345', 'ak_live_short', jobToken];
const anyText = fc.string({ unit: 'binary', maxLength: 12 }).map((text) => text.replaceAll('\0', ''));
const join = (piece: fc.Arbitrary<string>) => fc.array(piece, { maxLength: 5 }).map((parts) => parts.join(''));
const text = join(
	fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...hostile, ...keys) }, { weight: 1, arbitrary: anyText }),
);
// GitLab and its runner expand `$NAME` in these texts, so that they can contain the value of any variable. The letters
// after an API key count as its end, so that a URL does not follow one at once.
const expandedText = join(fc.constantFrom(...hostile, ...keys, databasePassword, deployToken, ` ${repositoryUrl}`));
const plain = (...values: string[]) => fc.constantFrom('', ...values);

const settings = {
	ALERT24_STATUS: plain('', 'success', 'failed', 'canceled', 'timedout', 'succeeded'),
	ALERT24_CHANGE_TYPE: plain('auto', 'rollback', 'rollbacks', 'other', 'config_change'),
	ALERT24_RISK_LEVEL: plain('low', 'low high', 'critical'),
	ALERT24_RECORD_FAILURES: plain('true', 'YES', '1', '0', 'maybe'),
	ALERT24_TIMEOUT: plain('60', '1', '240', '0', '241', '30.5', '1e1', 'soon'),
	ALERT24_DEDUPE: plain('always', 'never', 'on-retry', 'perhaps'),
	ALERT24_VERBOSE: plain('true', 'false', 'true', 'loud'),
	ALERT24_DRY_RUN: plain('', '', '', 'true', 'false'),
	ALERT24_LOOKUP: plain('', 'auto', 'never', 'off'),
	ALERT24_SERVICE_ID: plain('svc_1', 'svc_1,svc_2', ' svc_1 ,, svc_1', 'a b', '$SERVICE', 'svc/1'),
	ALERT24_API_KEY: plain(apiKey, apiKey, `${apiKey}\n`, '$ALERT24_KEY', '/nowhere/key', 'short', `Bearer ${apiKey}`),
	ALERT24_API_KEY_FILE: plain('', '', '/nowhere/key', apiKey),
	ALERT24_ENVIRONMENT: plain('production', 'staging', ' ', '$CI_ENVIRONMENT_NAME'),
	CI_JOB_STATUS: plain('success', 'failed', 'canceled', 'timedout', 'running', 'odd', 'SUCCESS', 'success '),
	CI_PROJECT_URL: plain(`https://${userinfo}gitlab.com/shop/web-shop`),
	CI_PIPELINE_URL: plain(`https://${userinfo}gitlab.com/shop/web-shop/-/pipelines/81234`),
	CI_JOB_URL: plain(`https://${userinfo}gitlab.com/shop/web-shop/-/jobs/903311`),
	CI_ENVIRONMENT_ACTION: plain('start', 'prepare', 'stop'),
	CI_MERGE_REQUEST_IID: plain('12', '0', '123456789012345678901'),
	BITBUCKET_EXIT_CODE: plain('0', '1', '127', '00', 'x'),
	GITLAB_CI: plain('true', 'false', 'True'),
	HTTPS_PROXY: plain(
		`http://${secrets.proxyUser}:${encodeURIComponent(secrets.proxyPassword)}@127.0.0.1:1`,
		'socks5://x:1',
	),
	SSL_CERT_FILE: plain('/nowhere/ca.pem', '/dev/null'),
	NODE_EXTRA_CA_CERTS: plain('/nowhere/ca.pem', '/etc/hostname'),
};
const own = 'SUMMARY DESCRIPTION TAGS CHANGED_BY EXTERNAL_ID SOURCE SERVICE_ID ENVIRONMENT DEPLOY_JOB NAME STATUS';
const gitlabs =
	'CI_ENVIRONMENT_NAME CI_PROJECT_NAME CI_COMMIT_SHORT_SHA CI_COMMIT_SHA CI_PIPELINE_URL CI_PIPELINE_CREATED_AT CI_JOB_URL CI_JOB_STARTED_AT GITLAB_USER_LOGIN CI_PROJECT_URL CI_SERVER_FQDN CI_JOB_ID CI_MERGE_REQUEST_PROJECT_URL';
const bitbuckets = 'BITBUCKET_BRANCH BITBUCKET_TAG BITBUCKET_COMMIT BITBUCKET_REPO_SLUG BITBUCKET_PR_ID';
const textNames = [...own.split(' ').map((name) => `ALERT24_${name}`), ...`${gitlabs} ${bitbuckets}`.split(' ')];
const expandedNames = ['CI_COMMIT_MESSAGE', 'CI_COMMIT_BRANCH', 'CI_COMMIT_TAG'];
// Without its variable, a secret is a text like any other.
const holders = ['CI_JOB_TOKEN', 'BITBUCKET_STEP_OIDC_TOKEN', 'DB_PASSWORD', 'DEPLOY_CREDENTIALS', 'CI_REPOSITORY_URL'];
const removable = Object.keys({ ...deployJob, ...step, ALERT24_API_KEY: '', ALERT24_DEPLOY_JOB: '' }).filter(
	(name) => !holders.includes(name),
);

const someSettings = fc
	.uniqueArray(fc.constantFrom(...(Object.keys(settings) as (keyof typeof settings)[])), { maxLength: 4 })
	.chain((names) => fc.record(Object.fromEntries(names.map((name) => [name, settings[name]]))));
const often = <Value>(value: Value, ...others: Value[]) =>
	fc.oneof({ weight: 3, arbitrary: fc.constant(value) }, { weight: 1, arbitrary: fc.constantFrom(value, ...others) });

/**
 * Environments with hostile texts, and with missing and contradictory variables. Most of them are complete enough to
 * record.
 */
export const randomEnvironments: fc.Arbitrary<EnvironmentRow> = fc
	.record({
		job: fc.constantFrom('deploy job', 'deploy job', 'deploy job', ...Object.keys(jobs)),
		removed: fc.oneof(fc.constant([]), fc.uniqueArray(fc.constantFrom(...removable), { maxLength: 3 })),
		settings: fc.oneof(fc.constant({}), someSettings),
		texts: fc.dictionary(fc.constantFrom(...textNames), text, { maxKeys: 3 }),
		expanded: fc.dictionary(fc.constantFrom(...expandedNames), expandedText, { maxKeys: 2 }),
		server: often<EnvironmentRow['server']>('healthy', 'down', 'lost answers', 'refuses the key', 'a portal'),
		outcome: fc.option(fc.constantFrom('success', 'failed', 'canceled'), { nil: undefined, freq: 2 }),
		folder: often<EnvironmentRow['folder']>('plain', 'odd name', 'a file', 'not writable'),
		bytes: fc.option(
			fc.array(fc.oneof(fc.integer({ min: 1, max: 255 }), fc.constantFrom(0xe2, 0x82, 0xf0, 0x9f, 0xed, 0xa0)), {
				minLength: 1,
				maxLength: 12,
			}),
			{ nil: undefined, freq: 4 },
		),
	})
	.map(({ settings, texts, expanded, outcome, bytes, ...row }) => ({
		...row,
		set: { ...settings, ...texts, ...expanded },
		...(outcome !== undefined && { outcome }),
		...(bytes !== undefined && { bytes }),
	}));
