import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Redactor } from '../../src/text/redact.ts';

const key = 'ak_live_0123456789abcdefghijABCDEFGHIJKL';

describe('Redactor', () => {
	it('takes out a secret wherever it stands', () => {
		const redactor = new Redactor({});
		redactor.hide(key);
		assert.equal(redactor.redact(`a${key}b ${key}`), 'a[redacted]b [redacted]');
	});

	it('takes out a secret as it looks in JSON, in a URL and in base64', () => {
		const redactor = new Redactor({});
		const secret = 'pass"word/\\ with + signs';
		redactor.hide(secret);
		const texts = [JSON.stringify({ secret }), encodeURIComponent(secret), Buffer.from(secret).toString('base64')];
		assert.deepEqual(
			texts.map((text) => redactor.redact(text)),
			['{"secret":"[redacted]"}', '[redacted]', '[redacted]'],
		);
	});

	it('takes out the beginning of a secret where a text was cut', () => {
		const redactor = new Redactor({});
		redactor.hide(key);
		assert.equal(redactor.redact(`a ${key.slice(0, 39)}…`), 'a [redacted]…');
		assert.equal(redactor.redact(`a ${key.slice(0, 5)}… b… ak`), 'a [redacted]… b… ak');
		assert.equal(redactor.redact('peak… ak_l'), 'peak… ak_l');
	});

	it('knows the job token', () => {
		assert.equal(new Redactor({ CI_JOB_TOKEN: 'glcbt-64_abcdef' }).redact('x glcbt-64_abcdef'), 'x [redacted]');
	});

	it('knows the credentials of a proxy, plain, decoded and as a header carries them', () => {
		const redactor = new Redactor({ HTTPS_PROXY: 'http://someone:s3cret%2Fword@proxy.example.com:3128' });
		const header = Buffer.from('someone:s3cret/word').toString('base64');
		const text = `http://someone:s3cret%2Fword@proxy.example.com s3cret/word ${header}`;
		assert.equal(redactor.redact(text), 'http://[redacted]@proxy.example.com [redacted] [redacted]');
	});

	it('leaves texts alone when a secret is too short to be one', () => {
		const redactor = new Redactor({ HTTPS_PROXY: 'http://u:main@proxy:3128' });
		redactor.hide('a');
		assert.equal(redactor.redact('branch main'), 'branch main');
	});

	it('knows the key of the environment from the start, whatever is wrong with it', () => {
		const redactor = new Redactor({ ALERT24_API_KEY: ' sk-12345 x y ' });
		assert.equal(redactor.redact('got sk-12345 x y'), 'got [redacted]');
	});

	it('takes the path of a file for no secret', () => {
		assert.equal(new Redactor({ ALERT24_API_KEY: '/builds/key.tmp' }).redact('/builds/key.tmp'), '/builds/key.tmp');
	});

	it('knows every Alert24 key by its form', () => {
		assert.equal(new Redactor({}).redact(`cannot read "${key}"`), 'cannot read "[redacted]"');
	});

	it('takes the credentials of a proxy out of the log alone: they may be words of a change', () => {
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

	it('finds the credentials of a proxy as Node does, also where they hold an @', () => {
		const redactor = new Redactor({ HTTPS_PROXY: 'http://user:pa@ssw0rdLong@proxy:3128' });
		const header = Buffer.from('user:pa@ssw0rdLong').toString('base64');
		assert.equal(redactor.redact(`${header} pa@ssw0rdLong pa%40ssw0rdLong`), '[redacted] [redacted] [redacted]');
	});
});
