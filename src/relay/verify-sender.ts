import { createHmac, createSecretKey, hash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { Webhook } from 'standardwebhooks';

/** Returns true if a webhook comes from a sender with one of the secrets. The time does not depend on which one. */
export type VerifySender = (headers: IncomingHttpHeaders, body: Buffer) => boolean;

/**
 * Returns the verification of GitLab's webhooks (https://docs.gitlab.com/user/project/integrations/webhooks/). A
 * signature, if present, decides alone: it must be correct and at most five minutes old. Otherwise X-Gitlab-Token must
 * be a secret.
 */
export function buildGitlabVerifier(secrets: readonly string[]): VerifySender {
	const webhooks = secrets.filter(isSigningSecret).map((secret) => new Webhook(secret));
	const isToken = buildTokenVerifier(secrets);
	return (headers, body) => {
		if (headers['webhook-signature'] !== undefined) return isSigned(headers, body, webhooks);
		const token = headers['x-gitlab-token'];
		return typeof token === 'string' && isToken(token);
	};
}

/**
 * Returns the verification of Bitbucket's webhooks: X-Hub-Signature must be the HMAC-SHA256 of the body with a secret
 * (https://support.atlassian.com/bitbucket-cloud/docs/manage-webhooks/). GitHub's older sha1 form is rejected.
 */
export function buildBitbucketVerifier(secrets: readonly string[]): VerifySender {
	const keys = secrets.map((secret) => createSecretKey(secret, 'utf8'));
	return (headers, body) => {
		const signature = headers['x-hub-signature'];
		const digest = typeof signature === 'string' ? /^sha256=([0-9a-f]{64})$/i.exec(signature)?.[1] : undefined;
		if (digest === undefined) return false;
		const given = Buffer.from(digest, 'hex');
		return any(keys, (key) => timingSafeEqual(createHmac('sha256', key).update(body).digest(), given));
	};
}

/** Returns a function that returns true for one of the secrets. Its time does not depend on the text. */
export function buildTokenVerifier(secrets: readonly string[]): (text: string) => boolean {
	// Equal lengths, which timingSafeEqual requires.
	const digests = secrets.map((secret) => hash('sha256', secret, 'buffer'));
	return (text) => {
		const given = hash('sha256', text, 'buffer');
		return any(digests, (digest) => timingSafeEqual(digest, given));
	};
}

/** Returns true if a secret can verify signatures: `whsec_` and the base64 of the key. */
export function isSigningSecret(secret: string): boolean {
	return /^whsec_[A-Za-z0-9+/]{22,}={0,2}$/.test(secret);
}

function isSigned(headers: IncomingHttpHeaders, body: Buffer, webhooks: readonly Webhook[]): boolean {
	const names = ['webhook-id', 'webhook-timestamp', 'webhook-signature'];
	if (names.some((name) => typeof headers[name] !== 'string')) return false;
	const signed = Object.fromEntries(names.map((name) => [name, String(headers[name])]));
	return any(webhooks, (webhook) => {
		try {
			webhook.verify(body, signed, { jsonParse: false });
			return true;
		} catch {
			return false;
		}
	});
}

// Tries every secret, so that the time does not show which one fits.
function any<Secret>(secrets: readonly Secret[], test: (secret: Secret) => boolean): boolean {
	return secrets.map(test).includes(true);
}
