import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { readProxySettings } from '../../src/network/proxy.ts';
import { type Fault, falseSuccesses } from '../../stand-in/alert24-faults.ts';
import { type Alert24StandIn, startAlert24 } from '../../stand-in/alert24-stand-in.ts';
import { certificates } from '../../stand-in/certificates.ts';
import { startGitlab } from '../../stand-in/gitlab-stand-in.ts';
import { startHttpProxy } from '../../stand-in/http-proxy.ts';
import { makeRefusingUrl } from '../../stand-in/unreachable.ts';
import { bitbucketStep } from '../support/bitbucket-step.ts';
import { makePath, proxyCredentials, tryDelivery } from '../support/delivery-trial.ts';
import { gitlabJob } from '../support/run-in-process.ts';
import { readPage } from './pages.ts';

const directory = mkdtempSync(join(tmpdir(), 'alert24-troubleshooting-'));
let alert24: Alert24StandIn;
let runs = 0;

/** Runs the command against the stand-in, with these variables besides those of a complete job. */
async function run(variables: Readonly<Record<string, string>> = {}, ...argv: string[]): Promise<string> {
	runs += 1;
	const own = { ALERT24_EXTERNAL_ID: `run ${runs}` };
	const { stdout, stderr } = await tryDelivery(alert24, { argv, variables: { ...own, ...variables } });
	return stdout + stderr;
}

/** Runs the command in a job whose deploy job GitLab reports like this. */
async function runAfterJob(status: string, failureReason: string): Promise<string> {
	const { CI_COMMIT_SHA: sha } = gitlabJob;
	const job = { id: 903311, pipeline: 81234, name: 'deploy', sha, status, failureReason, startedAt: null };
	await using gitlab = await startGitlab({ project: { id: 4711, path: 'shop/web-shop' }, jobs: [job] });
	const { CI_API_V4_URL = '', CI_JOB_TOKEN = '' } = gitlab.variables;
	return await run({ CI_API_V4_URL, CI_JOB_TOKEN, ALERT24_DEPLOY_JOB: 'deploy', ALERT24_ASSUMED_STATUS: 'success' });
}

/** Runs the command against an https server with this certificate. */
async function runWithCertificate(kind: 'selfSigned' | 'expired'): Promise<string> {
	const { [kind]: tls, caFile } = await certificates();
	await using server = await startAlert24({ tls });
	return await run({ ALERT24_API_URL: server.url, ...(kind === 'expired' && { SSL_CERT_FILE: caFile }) });
}

async function runThroughProxy(): Promise<string> {
	await using proxy = await startHttpProxy({ credentials: proxyCredentials });
	return await run({ ALERT24_API_URL: 'https://app.alert24.net', HTTPS_PROXY: proxy.url });
}

async function runWithFault(fault: Fault, variables: Readonly<Record<string, string>> = {}): Promise<string> {
	alert24.failWith(fault);
	return run(variables);
}

function writeDamagedFile(): string {
	const path = join(directory, 'damaged.json');
	writeFileSync(path, '{"format":"alert24-notify undelivered change","version":2}');
	return path;
}

/** The way to each message of the page; 'not ours' for one of GitLab. */
const scenarios: Readonly<Record<string, (() => Promise<string>) | 'not ours'>> = {
	'ALERT24_API_KEY is not set': () => run({ ALERT24_API_KEY: '' }),
	'a variable that is not defined in this job': () => run({ ALERT24_SERVICE_ID: '$SERVICE' }),
	'an Alert24 key is ak_live_ followed by 32 letters and digits': () => run({ ALERT24_API_KEY: 'short' }),
	'ALERT24_API_KEY and ALERT24_API_KEY_FILE are both set': () => run({ ALERT24_API_KEY_FILE: '/key' }),
	'the environment is not known': () => run({ ALERT24_ENVIRONMENT: '' }),
	'unknown CI_JOB_STATUS': () => run({ CI_JOB_STATUS: 'paused' }),
	'this is neither a GitLab CI/CD job nor a Bitbucket Pipelines step': () => run({ GITLAB_CI: '' }),
	'must be one of': () => run({ ALERT24_RISK_LEVEL: 'enormous' }),
	'did you mean': () => run({}, '--servce-id', 'svc_1'),
	'ignores the proxy in HTTPS_PROXY': () => {
		const environment = { HTTPS_PROXY: 'http://proxy.example.com:3128' };
		const { problems } = readProxySettings(environment, new URL('https://app.alert24.net'), '22.20.0');
		return Promise.resolve(problems.join());
	},
	'BITBUCKET_EXIT_CODE is empty': () =>
		run({
			...bitbucketStep,
			GITLAB_CI: '',
			BITBUCKET_PIPE_STORAGE_DIR: directory,
			ALERT24_UNDELIVERED_DIR: makePath(),
		}),
	"'alert24:success' job needs 'deploy' job": 'not ours',
	'Not recorded: the deployment failed': () => run({ CI_JOB_STATUS: 'failed' }),
	'was canceled': () => run({ CI_JOB_STATUS: 'canceled' }),
	'timed out': () => run({ CI_JOB_STATUS: 'timedout' }),
	'Not recorded: nothing was deployed': () => runAfterJob('failed', 'deployment_rejected'),
	'Not recorded: this job stops the environment': () => run({ CI_ENVIRONMENT_ACTION: 'stop' }),
	'Already recorded': async () => {
		await run({ ALERT24_EXTERNAL_ID: 'twice' });
		return run({ ALERT24_EXTERNAL_ID: 'twice', ALERT24_DEDUPE: 'always' });
	},
	'Nothing to replay': () => run({}, 'replay', directory),
	'Alert24 answered 400': () => runWithFault({ kind: 'status', status: 400 }),
	'Alert24 answered 401': () => run({ ALERT24_API_KEY: 'ak_live_00000000000000000000000000000000' }),
	'Alert24 answered 403': () => run({ ALERT24_API_KEY: alert24.readOnlyKey }),
	'Alert24 answered 404': () => run({ ALERT24_SERVICE_ID: 'svc_unknown' }),
	'Alert24 answered 503': () => runWithFault({ kind: 'status', status: 503 }),
	'asks to wait': () => runWithFault({ kind: 'status', status: 429, headers: { 'retry-after': '600' } }),
	'which is not followed': () => runWithFault({ kind: 'redirect', to: 'itself' }),
	'does not confirm the change': () => runWithFault(falseSuccesses['a captive portal']),
	"the server's certificate is not trusted": () => runWithCertificate('selfSigned'),
	"the server's certificate has expired": () => runWithCertificate('expired'),
	'the proxy refused the connection with 407': runThroughProxy,
	'is not known': () => run({ ALERT24_SERVICE_ID: 'svc_shp' }, 'check'),
	'could not be looked up': 'not ours',
	'was refused': async () => run({ ALERT24_API_URL: await makeRefusingUrl() }),
	'no complete response within': () => runWithFault({ kind: 'silence' }, { ALERT24_TIMEOUT: '4' }),
	'the time of ALERT24_TIMEOUT is used up': async () => run({ ALERT24_API_URL: await makeRefusingUrl() }),
	'the list does not contain the change yet': () => runWithFault({ kind: 'silence' }, { ALERT24_TIMEOUT: '4' }),
	'GitLab lookup of': () => runAfterLookupRefusal(),
	'NOT COMPARED': () => runAfterLookupRefusal('sync'),
	'is damaged': () => run({}, 'replay', writeDamagedFile()),
};

async function runAfterLookupRefusal(...argv: string[]): Promise<string> {
	await using gitlab = await startGitlab({ project: { id: 4711, path: 'shop/web-shop' } });
	const { CI_API_V4_URL = '' } = gitlab.variables;
	return await run({ CI_API_V4_URL, CI_JOB_TOKEN: 'glcbt-64_expired-token' }, ...argv);
}

suite('the messages in docs/troubleshooting.md', () => {
	before(async () => {
		alert24 = await startAlert24({ services: ['svc_shop'] });
	});
	after(async () => {
		await alert24.close();
		rmSync(directory, { recursive: true });
	});

	const [ofCommand = ''] = readPage('docs/troubleshooting.md').split("## The hook's image");
	const documented = [...ofCommand.matchAll(/^\| (`.*?) \|/gm)].flatMap(([, cell = '']) =>
		[...cell.matchAll(/`([^`]+)`/g)].map(([, message = '']) => message),
	);

	test('are those that this test produces', () => {
		assert.deepEqual(documented.toSorted(), Object.keys(scenarios).toSorted());
	});

	for (const [message, produce] of Object.entries(scenarios)) {
		if (produce === 'not ours') continue;
		test(`contain "${message}"`, async () => {
			const output = await produce();
			assert.ok(output.includes(message), output);
		});
	}
});
