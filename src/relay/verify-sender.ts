import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { Webhook } from 'standardwebhooks';

/**
 * Returns true if a GitLab webhook is signed with one of the secrets (https://docs.gitlab.com/user/project/integrations/webhooks/). A
 * signature, if present, decides alone: it must be correct and at most five minutes old. Otherwise X-Gitlab-Token must be a secret.
 */
export function isFromGitlab(headers: IncomingHttpHeaders, body: Buffer, secrets: readonly string[]): boolean {
	const signature = headers['webhook-signature'];
	if (signature !== undefined) return isSigned(headers, body, secrets);
	const token = headers['x-gitlab-token'];
	return typeof token === 'string' && isOneOf(token, secrets);
}

/**
 * Returns true if X-Hub-Signature is the HMAC-SHA256 of the body with one of the secrets
 * (https://support.atlassian.com/bitbucket-cloud/docs/manage-webhooks/). GitHub's older sha1 form is rejected.
 */
export function isFromBitbucket(headers: IncomingHttpHeaders, body: Buffer, secrets: readonly string[]): boolean {
	const signature = headers['x-hub-signature'];
	const digest = typeof signature === 'string' ? /^sha256=([0-9a-f]{64})$/i.exec(signature)?.[1] : undefined;
	if (digest === undefined) return false;
	const given = Buffer.from(digest, 'hex');
	return any(secrets, (secret) => timingSafeEqual(createHmac('sha256', secret).update(body).digest(), given));
}

/** Returns true if a text is one of the secrets. The time does not depend on the text. */
export function isOneOf(text: string, secrets: readonly string[]): boolean {
	const given = digest(text);
	return any(secrets, (secret) => timingSafeEqual(digest(secret), given));
}

function isSigned(headers: IncomingHttpHeaders, body: Buffer, secrets: readonly string[]): boolean {
	const names = ['webhook-id', 'webhook-timestamp', 'webhook-signature'];
	if (names.some((name) => typeof headers[name] !== 'string')) return false;
	const signed = Object.fromEntries(names.map((name) => [name, String(headers[name])]));
	return any(secrets.filter(isSigningSecret), (secret) => {
		try {
			new Webhook(secret).verify(body, signed, { jsonParse: false });
			return true;
		} catch {
			return false;
		}
	});
}

/** Returns true if a secret can verify signatures: `whsec_` and the base64 of the key. */
export function isSigningSecret(secret: string): boolean {
	return /^whsec_[A-Za-z0-9+/]{22,}={0,2}$/.test(secret);
}

// Tries every secret, so that the time does not show which one fits.
function any(secrets: readonly string[], test: (secret: string) => boolean): boolean {
	return secrets.map(test).includes(true);
}

// Equal lengths, which timingSafeEqual requires.
function digest(text: string): Buffer {
	return createHmac('sha256', 'alert24-notify').update(text).digest();
}
