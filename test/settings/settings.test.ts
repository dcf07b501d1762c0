import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Command, GivenOptions } from '../../src/settings/options.ts';
import { readSettings as readSettingsOf } from '../../src/settings/settings.ts';

function readSettings(environment: Record<string, string>, options: GivenOptions, command: Command = 'record') {
	return readSettingsOf({ environment, options, command, spellVariable: (variable) => variable });
}

suite('readSettings', () => {
	test('returns defaults without options and variables', () => {
		const { settings, problems, violations } = readSettings({}, {});
		assert.deepEqual([problems, violations], [[], []]);
		assert.deepEqual(
			{ ...settings, apiUrl: settings.apiUrl.href },
			{
				overrides: { fields: {}, name: undefined, tags: [] },
				environments: [],
				serviceIds: [],
				services: new Map(),
				deployJob: undefined,
				status: undefined,
				assumedStatus: undefined,
				shouldRecordFailures: false,
				lookup: 'auto',
				apiUrl: 'https://app.alert24.net/',
				proxyEnv: {},
				budgetMs: 60_000,
				dedupe: undefined,
				undeliveredDir: 'alert24-undelivered',
				output: 'text',
				dotenvFile: undefined,
				isDryRun: false,
				isVerbose: false,
			},
		);
	});

	test('prefers an option to its variable, and the variable to an empty option', () => {
		const read = (option: string) => readSettings({ ALERT24_ENVIRONMENT: 'variable' }, { environment: option });
		assert.equal(read('option').settings.overrides.fields.environment, 'option');
		assert.equal(read('').settings.overrides.fields.environment, 'variable');
	});

	test('splits lists at commas, trims their items, and keeps each once', () => {
		const { settings } = readSettings({ ALERT24_SERVICE_ID: ' a , b,,a', ALERT24_TAGS: 'two words,\n x ' }, {});
		assert.deepEqual(settings.serviceIds, ['a', 'b']);
		assert.deepEqual(settings.overrides.tags, ['two words', 'x']);
	});

	test('reads true, 1 and yes as true, in any case', () => {
		for (const [text, flag] of [
			['true', true],
			['TRUE', true],
			['1', true],
			['Yes', true],
			['false', false],
			['0', false],
			['no', false],
		]) {
			assert.equal(readSettings({ ALERT24_DRY_RUN: String(text) }, {}).settings.isDryRun, flag, String(text));
		}
	});

	test('reports every mistake at once, each with the setting as the user spelled it, the rule and the value', () => {
		const { problems, violations } = readSettings(
			{
				ALERT24_STATUS: 'done',
				ALERT24_RECORD_FAILURES: 'maybe',
				ALERT24_API_URL: 'app.alert24.net',
				ALERT24_CHANGE_TYPE: 'deploy',
				ALERT24_SERVICE_ID: 'a,b c,$SERVICE',
				ALERT24_DEDUPE: 'sometimes',
				ALERT24_LOOKUP: 'off',
				ALERT24_OUTPUT: 'xml',
				ALERT24_TAGS: `x,${'y'.repeat(256)}`,
			},
			{ timeout: '5 minutes', 'risk-level': 'severe', environment: '${STAGE}' },
		);
		assert.deepEqual(problems, [
			'ALERT24_API_URL must be a URL such as https://app.alert24.net; got "app.alert24.net"',
			'ALERT24_STATUS must be one of success, failed, canceled, timedout; got "done"',
			'ALERT24_RECORD_FAILURES must be true or false; got "maybe"',
			'ALERT24_LOOKUP must be one of auto, never; got "off"',
			'--timeout must be a number of seconds from 1 to 240; got "5 minutes"',
			'ALERT24_DEDUPE must be one of on-retry, always, never; got "sometimes"',
			'ALERT24_OUTPUT must be one of text, json; got "xml"',
			'--environment is "${STAGE}": a variable that is not defined in this job',
			'ALERT24_SERVICE_ID is "$SERVICE": a variable that is not defined in this job',
		]);
		assert.deepEqual(violations, [
			'change_type must be one of deployment, config_change, infrastructure, code, database_migration, feature_flag, rollback, scaling, security_patch, other; got "deploy" (from ALERT24_CHANGE_TYPE)',
			'risk_level must be one of low, medium, high, critical; got "severe" (from --risk-level)',
			`tags[1] must have at most 255 characters; got 256: "${'y'.repeat(199)}…" (from ALERT24_TAGS)`,
			'service_id must be one id without spaces and slashes; got "b c" (from ALERT24_SERVICE_ID)',
		]);
	});

	test('accepts 1 to 240 seconds', () => {
		for (const seconds of ['1', '2.5', '240']) {
			assert.equal(readSettings({ ALERT24_TIMEOUT: seconds }, {}).settings.budgetMs, Number(seconds) * 1000);
		}
		for (const seconds of ['0', '0.9', '241', '-1', '1e3', '0x10', 'Infinity', ' 5', '5s']) {
			const { settings, problems } = readSettings({ ALERT24_TIMEOUT: seconds }, {});
			assert.deepEqual([problems.length, settings.budgetMs], [1, 60_000], seconds);
		}
	});

	test('accepts a base URL with a path, and drops a trailing slash', () => {
		const read = (url: string) => readSettings({ ALERT24_API_URL: url }, {}).settings.apiUrl.href;
		assert.equal(read('https://proxy.example.com/alert24/'), 'https://proxy.example.com/alert24');
		assert.equal(read('http://127.0.0.1:8080'), 'http://127.0.0.1:8080/');
		assert.equal(read('http://[::1]:8080/t/'), 'http://[::1]:8080/t');
	});

	test('rejects a base URL that would send the key unencrypted or to the wrong place', () => {
		const read = (url: string) => readSettings({ ALERT24_API_URL: url }, {}).problems.join();
		assert.match(read('http://alert24.example.com'), /must begin with https:\/\//);
		assert.match(read('http://127.0.0.1.example.com'), /must begin with https:\/\//);
		assert.match(read('https://app.alert24.net/api/v1/changes'), /must be the base URL alone/);
		for (const end of ['?x=1', '#x', '?', '#'])
			assert.match(read(`https://app.alert24.net${end}`), /must be the base URL alone/);
		assert.match(read('ftp://app.alert24.net'), /must be a URL such as/);
		for (const url of [
			'https://someone:pa55word@alert24.example.com',
			'https://a:pa55word@exa mple.com',
			'a:pa55word@b',
		]) {
			assert.equal(read(url), 'ALERT24_API_URL must not contain a user name or password');
		}
	});

	test('rejects every text that is only the name of a variable', () => {
		for (const name of [
			'ENVIRONMENT',
			'SERVICE_ID',
			'DEPLOY_JOB',
			'NAME',
			'SUMMARY',
			'DESCRIPTION',
			'TAGS',
			'CHANGED_BY',
			'EXTERNAL_ID',
			'SOURCE',
		]) {
			assert.deepEqual(readSettings({ [`ALERT24_${name}`]: '$RELEASE' }, {}).problems, [
				`ALERT24_${name} is "$RELEASE": a variable that is not defined in this job`,
			]);
			assert.deepEqual(readSettings({ [`ALERT24_${name}`]: 'a$RELEASE' }, {}).problems, []);
		}
	});

	test('ignores settings that a replay does not have', () => {
		const { settings, problems } = readSettings(
			{ ALERT24_STATUS: 'bogus', ALERT24_ENVIRONMENT: '$X', ALERT24_TIMEOUT: '5' },
			{},
			'replay',
		);
		assert.deepEqual(
			[settings.status, settings.overrides.fields.environment, settings.budgetMs, problems],
			[undefined, undefined, 5000, []],
		);
	});

	test('reports a malformed proxy apart from the other mistakes, except in a dry run', () => {
		const proxy = { HTTPS_PROXY: 'socks5://someone:pa55word@proxy:1' };
		const problem = 'HTTPS_PROXY must be the URL of an HTTP proxy, such as http://proxy.example.com:3128';
		const { problems, proxyProblems } = readSettings({ ...proxy, ALERT24_TIMEOUT: '0' }, {});
		assert.equal(problems.length, 1);
		assert.deepEqual(proxyProblems, [problem]);
		assert.deepEqual(readSettings(proxy, { 'dry-run': 'true' }).proxyProblems, []);
	});

	test('reads hostile lists and addresses in linear time', () => {
		const startedAt = performance.now();
		readSettings(
			{ ALERT24_TAGS: `a${' '.repeat(120_000)}b`, ALERT24_API_URL: `https://x/${'/'.repeat(120_000)}y` },
			{},
		);
		assert.ok(performance.now() - startedAt < 10_000);
	});
});
