import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { suite, test } from 'node:test';
import { Webhook } from 'standardwebhooks';
import { buildBitbucketVerifier, buildGitlabVerifier } from '../../src/relay/verify-sender.ts';

const key = 'whsec_YWxlcnQyNC1ub3RpZnktdGVzdC1rZXktMzItYnl0ZXM=';
const otherKey = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const body = Buffer.from('{"object_kind":"deployment"}');

function sign(secret: string, date = new Date(), text = body.toString()) {
	return {
		'webhook-id': 'msg_1',
		'webhook-timestamp': String(Math.floor(date.getTime() / 1000)),
		'webhook-signature': new Webhook(secret).sign('msg_1', date, text),
	};
}

suite('the verification of GitLab’s webhooks', () => {
	test('accepts a signature that is computed as GitLab documents it', () => {
		const timestamp = String(Math.floor(Date.now() / 1000));
		const hmac = createHmac('sha256', Buffer.from(key.replace('whsec_', ''), 'base64'));
		const signature = hmac.update(`msg_1.${timestamp}.${body}`).digest('base64');
		const headers = { 'webhook-id': 'msg_1', 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` };
		assert.equal(buildGitlabVerifier([key])(headers, body), true);
	});

	test('rejects the known signature of an old webhook, although it is correct', () => {
		const known = sign(key, new Date(1_764_000_000_000));
		assert.equal(known['webhook-signature'], 'v1,nlqe9mpkDU5i68zaRqrgTXJJDdynbX2CcWgyzORIr7w=');
		assert.equal(buildGitlabVerifier([key])(known, body), false);
	});

	test('accepts a signature by either of two secrets', () => {
		for (const secret of [key, otherKey]) assert.equal(buildGitlabVerifier([key, otherKey])(sign(secret), body), true);
	});

	test('accepts one good signature among several', () => {
		const good = sign(key);
		const headers = { ...good, 'webhook-signature': `v1,AAAA v2,xyz ${good['webhook-signature']}` };
		assert.equal(buildGitlabVerifier([key])(headers, body), true);
	});

	// The table is made when the test runs: a signature from the future must not become valid before.
	test('rejects every other request', () => {
		const late = (minutes: number) => new Date(Date.now() + minutes * 60_000);
		const rejected: [title: string, headers: Record<string, string>, secrets: string[]][] = [
			['no header at all', {}, [key]],
			['a signature by an unknown secret', sign(otherKey), [key]],
			['a signature of another body', sign(key, new Date(), '{}'), [key]],
			['a signature that is six minutes old', sign(key, late(-6)), [key]],
			['a signature from the future', sign(key, late(6)), [key]],
			[
				'a signature without its timestamp',
				{ 'webhook-signature': sign(key)['webhook-signature'], 'webhook-id': 'msg_1' },
				[key],
			],
			[
				'a wrong signature with a correct token',
				{ ...sign(otherKey), 'x-gitlab-token': 'secret-token' },
				[key, 'secret-token'],
			],
			[
				'an empty signature with a correct token',
				{ 'webhook-signature': '', 'x-gitlab-token': 'secret-token' },
				['secret-token'],
			],
			['a changed id', { ...sign(key), 'webhook-id': 'msg_2' }, [key]],
			['a wrong token', { 'x-gitlab-token': 'secret-tokem' }, ['secret-token']],
			['an empty token', { 'x-gitlab-token': '' }, ['secret-token']],
			['a token that is the beginning of the secret', { 'x-gitlab-token': 'secret' }, ['secret-token']],
		];
		for (const [title, headers, secrets] of rejected) {
			assert.equal(buildGitlabVerifier(secrets)(headers, body), false, title);
		}
	});

	test('accepts X-Gitlab-Token with either of two secrets', () => {
		for (const token of ['old-secret', 'new-secret']) {
			assert.equal(buildGitlabVerifier(['old-secret', 'new-secret'])({ 'x-gitlab-token': token }, body), true);
		}
	});
});

suite('the verification of Bitbucket’s webhooks', () => {
	const sign256 = (secret: string, text: Buffer) => `sha256=${createHmac('sha256', secret).update(text).digest('hex')}`;

	test('accepts the HMAC of the raw bytes with either of two secrets', () => {
		const bytes = Buffer.from([0x7b, 0xff, 0xfe, 0x7d]);
		for (const secret of ['old-secret', 'new-secret']) {
			const headers = { 'x-hub-signature': sign256(secret, bytes) };
			assert.equal(buildBitbucketVerifier(['old-secret', 'new-secret'])(headers, bytes), true);
		}
	});

	const rejected: [title: string, signature: string | undefined][] = [
		['no signature', undefined],
		['a signature by another secret', sign256('other', body)],
		['a signature of another body', sign256('secret', Buffer.from('{}'))],
		['a sha1 signature', `sha1=${createHmac('sha1', 'secret').update(body).digest('hex')}`],
		['a signature without its name', sign256('secret', body).slice(7)],
		['a truncated signature', sign256('secret', body).slice(0, -2)],
		['garbage', 'sha256=zz'],
	];
	for (const [title, signature] of rejected) {
		test(`rejects ${title}`, () => {
			const headers = signature === undefined ? {} : { 'x-hub-signature': signature };
			assert.equal(buildBitbucketVerifier(['secret'])(headers, body), false);
		});
	}
});
