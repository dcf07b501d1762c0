import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Redactor } from '../../src/text/redact.ts';

const key = 'ak_live_0123456789abcdefghijABCDEFGHIJKL';

suite('Redactor', () => {
	test('replaces a secret anywhere in a text', () => {
		const redactor = new Redactor({}, key);
		assert.equal(redactor.redact(`a${key}-b ${key}`), 'a[redacted]-b [redacted]');
	});

	test('replaces a secret in its forms in JSON, in a URL and in base64', () => {
		const secret = 'pass"word/\\ with + signs';
		const redactor = new Redactor({}, secret);
		const texts = [JSON.stringify({ secret }), encodeURIComponent(secret), Buffer.from(secret).toString('base64')];
		assert.deepEqual(
			texts.map((text) => redactor.redact(text)),
			['{"secret":"[redacted]"}', '[redacted]', '[redacted]'],
		);
	});

	test('replaces a secret within a longer text in base64', () => {
		const redactor = new Redactor({}, key);
		for (const before of ['', 'x', 'xy', 'xyz']) {
			for (const encoding of ['base64', 'base64url'] as const) {
				const encoded = Buffer.from(`${before}${key}\nmore`).toString(encoding);
				const redacted = redactor.redact(encoded);
				assert.match(redacted, /\[redacted\]/);
				assert.doesNotMatch(Buffer.from(redacted.replace('[redacted]', ''), 'base64').toString('latin1'), /ak_|IJKL/);
			}
		}
	});

	test('removes keys and tokens from every other variable', () => {
		const environment = {
			ALERT24_API_KEY: key,
			CI_JOB_TOKEN: 'glcbt-64_abcdef',
			A: `x${key}`,
			B: 'glcbt-64_abcdef',
			C: 'c',
		};
		assert.deepEqual(
			{ ...new Redactor(environment).redactEnvironment(environment) },
			{ ALERT24_API_KEY: key, CI_JOB_TOKEN: 'glcbt-64_abcdef', A: 'x[redacted]', B: '[redacted]', C: 'c' },
		);
	});

	test('replaces the job token', () => {
		assert.equal(new Redactor({ CI_JOB_TOKEN: 'glcbt-64_abcdef' }).redact('x glcbt-64_abcdef'), 'x [redacted]');
	});

	test('replaces the credentials of a proxy, plain, decoded and in the form of a header', () => {
		const redactor = new Redactor({ HTTPS_PROXY: 'http://someone:s3cret%2Fword@proxy.example.com:3128' });
		const header = Buffer.from('someone:s3cret/word').toString('base64');
		const text = `http://someone:s3cret%2Fword@proxy.example.com s3cret/word ${header}`;
		assert.equal(redactor.redact(text), 'http://[redacted]@proxy.example.com [redacted] [redacted]');
	});

	test('ignores a secret that is too short', () => {
		const redactor = new Redactor({ HTTPS_PROXY: 'http://u:main@proxy:3128' }, 'a');
		assert.equal(redactor.redact('branch main'), 'branch main');
	});

	test('replaces the key of the environment even if it is malformed', () => {
		const redactor = new Redactor({ ALERT24_API_KEY: ' sk-12345 x y ' });
		assert.equal(redactor.redact('got sk-12345 x y'), 'got [redacted]');
	});

	test('does not replace the path of a file', () => {
		assert.equal(new Redactor({ ALERT24_API_KEY: '/builds/key.tmp' }).redact('/builds/key.tmp'), '/builds/key.tmp');
	});

	test('replaces every text in the form of an Alert24 key', () => {
		assert.equal(new Redactor({}).redact(`cannot read "${key}"`), 'cannot read "[redacted]"');
	});

	test('replaces the credentials of a proxy only in the log: a change may contain the same words', () => {
		for (const name of ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy']) {
			const redactor = new Redactor({ [name]: 'http://deployer:production@proxy:3128' });
			assert.equal(redactor.redactKeys('production'), 'production');
			assert.equal(redactor.redact('deployer:production'), '[redacted]');
		}
		const withToken = new Redactor({ HTTPS_PROXY: 'http://production@proxy:3128' });
		assert.deepEqual(
			[withToken.redactKeys('production'), withToken.redact('production')],
			['production', '[redacted]'],
		);
	});

	test('parses the credentials of a proxy as Node does, also if they contain an @', () => {
		const redactor = new Redactor({ HTTPS_PROXY: 'http://user:pa@ssw0rdLong@proxy:3128' });
		const header = Buffer.from('user:pa@ssw0rdLong').toString('base64');
		assert.equal(redactor.redact(`${header} pa@ssw0rdLong pa%40ssw0rdLong`), '[redacted] [redacted] [redacted]');
	});
});
