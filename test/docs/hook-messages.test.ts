import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import { type Fault, falseSuccesses } from '../../stand-in/alert24-faults.ts';
import { startAlert24 } from '../../stand-in/alert24-stand-in.ts';
import { certificates } from '../../stand-in/certificates.ts';
import { makeRefusingUrl } from '../../stand-in/unreachable.ts';
import { runHook } from '../support/run-hook.ts';
import { gitlabJob } from '../support/run-in-process.ts';
import { locate, whyWithoutTools } from '../support/toolbox.ts';
import { readPage } from './pages.ts';

const root = mkdtempSync(join(tmpdir(), 'alert24-hook-messages-'));
const system = ['awk', 'date', 'head', 'mktemp', 'rm', 'sleep'];

/** Makes a directory with these programs of the machine, and with scripts by name. */
function makePath(programs: readonly string[], scripts: Readonly<Record<string, string>> = {}): string {
	const path = mkdtempSync(join(root, 'path-'));
	for (const program of programs) symlinkSync(locate(program), join(path, program));
	for (const [name, script] of Object.entries(scripts)) {
		writeFileSync(join(path, name), `#!${locate('dash')}\n${script}\n`);
		chmodSync(join(path, name), 0o755);
	}
	return path;
}

type HookCase = Readonly<{ variables?: Readonly<Record<string, string>>; fault?: Fault; path?: string }>;

type HookSituation = HookCase | (() => Promise<HookCase>);

async function run({ variables = {}, fault, path }: HookCase): Promise<string> {
	await using alert24 = await startAlert24({ services: ['svc_shop'] });
	if (fault !== undefined) alert24.failWith(fault);
	const job = { ...gitlabJob, ALERT24_ENVIRONMENT: 'production', ALERT24_LOOKUP: 'never' };
	const settings = { ALERT24_API_KEY: alert24.apiKey, ALERT24_API_URL: alert24.url };
	const toolbox = path ?? makePath([...system, 'curl']);
	const { exitCode, stdout, stderr } = await runHook(
		{ ...job, ...settings, ...variables },
		{ shell: 'dash', path: toolbox },
	);
	assert.equal(exitCode, 0);
	assert.ok(!`${stdout}${stderr}`.includes(alert24.apiKey));
	return stdout + stderr;
}

/** The only case that uses up its time. */
const unreachable: HookCase = { variables: { ALERT24_API_URL: await makeRefusingUrl(), ALERT24_TIMEOUT: '4' } };

const fakeBusybox = `case $1 in --version) echo BusyBox; exit 1 ;; esac
echo 'wget: note: TLS certificate validation not implemented' >&2
exit 1`;

/** The messages that the hook has in common with the command, and its own. */
const cases: Readonly<Record<string, HookSituation>> = {
	'ALERT24_API_KEY is not set': { variables: { ALERT24_API_KEY: '' } },
	'the environment is not known': { variables: { ALERT24_ENVIRONMENT: '' } },
	'unknown CI_JOB_STATUS': { variables: { CI_JOB_STATUS: 'paused' } },
	'Not recorded: the deployment failed': { variables: { CI_JOB_STATUS: 'failed' } },
	'Not recorded: this job stops the environment': { variables: { CI_ENVIRONMENT_ACTION: 'stop' } },
	'Alert24 answered 400': { fault: { kind: 'status', status: 400 } },
	'Alert24 answered 401': { variables: { ALERT24_API_KEY: 'ak_live_00000000000000000000000000000000' } },
	'Alert24 answered 404': { variables: { ALERT24_SERVICE_ID: 'svc_unknown' } },
	'asks to wait': { fault: { kind: 'status', status: 429, headers: { 'retry-after': '600' } } },
	'which is not followed': { fault: { kind: 'redirect', to: 'itself' } },
	'does not confirm the change': { fault: falseSuccesses['a captive portal'] },
	"the server's certificate is not trusted": async () => {
		const { selfSigned } = await certificates();
		const server = await startAlert24({ tls: selfSigned });
		after(() => server.close());
		return { variables: { ALERT24_API_URL: server.url } };
	},
	'the time of ALERT24_TIMEOUT is used up': unreachable,
	'the connection failed': unreachable,
	'the image has neither curl nor a wget that is safe': { path: makePath(system, { wget: fakeBusybox }) },
	'the image of this job has no': { path: makePath(system.filter((name) => name !== 'awk').concat('curl')) },
};

suite('the messages of the hook in docs/troubleshooting.md', { skip: whyWithoutTools }, () => {
	after(() => rmSync(root, { recursive: true }));
	const page = readPage('docs/troubleshooting.md');

	test('include every message about its image', () => {
		const [, section = ''] = page.split("## The hook's image");
		const messages = [...section.matchAll(/^\| `([^`]+)`/gm)].map(([, message = '']) => message);
		assert.deepEqual(messages, Object.keys(cases).slice(-messages.length));
	});

	const outputs = new Map<HookSituation, Promise<string>>();
	function play(situation: HookSituation): Promise<string> {
		const output = typeof situation === 'function' ? situation().then(run) : run(situation);
		outputs.set(situation, output);
		return output;
	}

	for (const [message, situation] of Object.entries(cases)) {
		test(`contain "${message}"`, async () => {
			assert.ok(page.includes(`\`${message}\``), 'the page does not list it');
			const output = await (outputs.get(situation) ?? play(situation));
			assert.ok(output.includes(message), output);
		});
	}
});
