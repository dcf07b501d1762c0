import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { isSecretInText } from '../../src/ci/predefined-variables.ts';

suite('a variable', () => {
	for (const [name, value, expected] of [
		['DB_PASSWORD', 'abcd', true],
		['db_password', 'abcd', true],
		['DB_PASSWORD', 'abc', false],
		['CI_JOB_TOKEN', 'glcbt-64_x', true],
		['CI_COMMIT_AUTHOR', 'Jonas Weber <jonas@shop.example>', false],
		['PWD', '/builds/shop/web-shop', false],
		['CI_REPOSITORY_URL', 'https://gitlab-ci-token:x@gitlab.com/shop.git', true],
		['DB_URL', 'postgres://u:p@db', true],
		['PAGE_URL', 'http://u@db', false],
		['DEPLOY_TARGET', 'production', false],
		['DEPLOY_HOST', 'web-1.shop.local', true],
		['DEPLOY_HOST', 'é'.repeat(15), false],
		['CI_PROJECT_URL', 'https://gitlab.com/shop/web-shop', false],
		['NODE_VERSION', '24.21.0-bookworm-slim', false],
		['LD_LIBRARY_PATH', '/usr/local/nvidia/lib', false],
		['JAVA_HOME', '/usr/lib/jvm/java-21-openjdk', false],
		['GITLAB_USER_NAME', 'Ada King, Countess of Lovelace', false],
		['CI_OPEN_MERGE_REQUESTS', 'shop/web-shop!333', false],
		['GITLAB_PAT', 'glpat-1', true],
		['GITLAB_BOT', 'glpat-AbCdEfGhIjKlMnOpQrSt', true],
		['CI_BOT', 'glpat-AbCdEfGhIjKlMnOpQrSt', true],
		['CI_JOB_PAT', 'glpat-AbCdEfGhIjKlMnOpQrSt', true],
		['RUNNER_REGISTRATION', 'GR1348941AbCdEfGhIjKlMnOpQr', true],
		['SIGNING_HOME', 'q9w8e7r6t5y4u3i2o1p0', true],
		['DEPLOY_PATH', 'q9w8e7r6t5y4u3i2o1p0', true],
		['ALERT24_SUMMARY', 'Rename the basket to the cart', false],
	] as const) {
		test(`${name}=${value} ${expected ? 'must be redacted' : 'may stand'} in a text`, () => {
			assert.equal(isSecretInText(name, value), expected);
		});
	}
});
