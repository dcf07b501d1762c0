import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { isSecretInText } from '../../src/ci/predefined-variables.ts';
import { expandVariables, redactVariables } from '../../src/text/redact-variables.ts';

type Variable = Readonly<{ value: string; isRaw?: boolean }>;

/** Expands variables as GitLab does before it sends them to a runner: unknown names stay (lib/expand_variables.rb). */
function expandAsGitlab(text: string, variables: Readonly<Record<string, Variable>>): string {
	return text.replace(/\$(\w+)|\$\{(\w+)\}|%(\w+)%/g, (reference, ...names) => {
		const name = names.slice(0, 3).find((given) => given !== undefined);
		return /^[A-Za-z_]/.test(name) ? (variables[name]?.value ?? reference) : reference;
	});
}

/** A port of Go's os.Expand, character by character, with the mapping of GitLab Runner's Variables.Get. */
function expandAsRunner(text: string, get: (name: string) => string): string {
	let expanded = '';
	let start = 0;
	for (let at = 0; at < text.length; at += 1) {
		if (text[at] !== '$' || at + 1 >= text.length) continue;
		expanded += text.slice(start, at);
		const [name, width] = readName(text.slice(at + 1));
		if (name === '' && width === 0) expanded += '$';
		else if (name !== '') expanded += name === '$' ? '$' : get(name);
		at += width;
		start = at + 1;
	}
	return expanded + text.slice(start);
}

function readName(text: string): [name: string, width: number] {
	const isSpecial = (character = '') => character !== '' && '*#$@!?-0123456789'.includes(character);
	if (text.startsWith('{')) {
		if (isSpecial(text[1]) && text[2] === '}') return [text.charAt(1), 3];
		const end = text.indexOf('}');
		if (end === -1) return ['', 1];
		return end === 1 ? ['', 2] : [text.slice(1, end), end + 1];
	}
	if (isSpecial(text[0])) return [text.charAt(0), 1];
	const name = /^\w*/.exec(text)?.[0] ?? '';
	return [name, name.length];
}

/** Returns a message as a job receives it, and the environment of that job. */
function passToJob(message: string, variables: Readonly<Record<string, Variable>>) {
	const get = (name: string) => variables[name]?.value ?? '';
	const environment: Record<string, string> = {};
	for (const [name, { value, isRaw }] of Object.entries(variables)) {
		environment[name] = isRaw ? value : expandAsRunner(value, get);
	}
	return { received: expandAsRunner(expandAsGitlab(message, variables), get), environment };
}

const redact = (text: string, environment: Record<string, string>) =>
	redactVariables(text, environment, isSecretInText);

suite('redactVariables', () => {
	const variables: Readonly<Record<string, Variable>> = {
		DB_PASSWORD: { value: 'hunter22' },
		DB_URL: { value: 'postgres://shop:s3cret@db/shop' },
		LICENSE: { value: 'LIC-0123456789-ABCDEF' },
		RAW_TOKEN: { value: 'ab$5cd$$ef', isRaw: true },
		DEPLOY_TARGET: { value: 'production' },
		CI_PROJECT_PATH: { value: 'acme/a-rather-long-group/shop' },
		CI_COMMIT_AUTHOR: { value: 'Ada Lovelace <ada@example.com>' },
		API_KEY: { value: 'abc' },
	};
	const rows: readonly (readonly [committed: string, sent: string])[] = [
		['Rename $DB_PASSWORD', 'Rename [redacted]'],
		['Rename ${DB_PASSWORD}x', 'Rename [redacted]x'],
		['Rename %DB_PASSWORD%', 'Rename [redacted]'],
		['Connect to $DB_URL', 'Connect to [redacted]'],
		['Use $LICENSE', 'Use [redacted]'],
		['Use $RAW_TOKEN', 'Use [redacted]'],
		['deploy to production', 'deploy to production'],
		['deploy to $DEPLOY_TARGET', 'deploy to production'],
		['Move to $CI_PROJECT_PATH', 'Move to acme/a-rather-long-group/shop'],
		['Thank $CI_COMMIT_AUTHOR', 'Thank Ada Lovelace <ada@example.com>'],
		['Learn the abc', 'Learn the abc'],
		['Cost $5, not $$5', 'Cost , not $5'],
	];
	for (const [committed, sent] of rows) {
		test(`sends '${sent}' for the commit message '${committed}'`, () => {
			const { received, environment } = passToJob(committed, variables);
			assert.equal(redact(received, environment), sent);
		});
	}

	test('replaces the longer value first if it contains another one', () => {
		const environment = { A_TOKEN: 'abcd', B_TOKEN: 'xabcdx' };
		assert.equal(redact('xabcdx abcd', environment), '[redacted] [redacted]');
	});

	test('leaves no value of a secret variable in any message', () => {
		const secret = fc.stringMatching(/^[a-z0-9$%{}]{4,30}$/);
		const text = fc.array(
			fc.oneof(
				fc.constantFrom('$', '{', '}', '%', '$$', 'DB_PASSWORD', 'THE_TOKEN', '$DB_PASSWORD', '%THE_TOKEN%', ' '),
				fc.string(),
			),
		);
		fc.assert(
			fc.property(text, secret, secret, fc.boolean(), (parts, password, token, isRaw) => {
				const { received, environment } = passToJob(parts.join(''), {
					DB_PASSWORD: { value: password, isRaw },
					THE_TOKEN: { value: token, isRaw },
				});
				const sent = redact(received, environment);
				for (const value of Object.values(environment)) {
					// A value such as `redacted` is in the replacement itself.
					if (value.length >= 4 && !'[redacted]'.includes(value))
						assert.ok(!sent.replaceAll('[redacted]', '').includes(value));
				}
			}),
			{ seed: 20261122 },
		);
	});
});

suite('expandVariables', () => {
	test('expands as the runner does', () => {
		const name = fc.constantFrom(
			'$',
			'{',
			'}',
			'$$',
			'$5',
			'${',
			'A',
			'$A',
			'${A}',
			'${A',
			'$-',
			'${-}',
			'${}',
			' ',
			'_',
		);
		fc.assert(
			fc.property(fc.array(name), (parts) => {
				const text = parts.join('');
				assert.equal(
					expandVariables(text, { A: 'value' }),
					expandAsRunner(text, (variable) => (variable === 'A' ? 'value' : '')),
				);
			}),
			{ seed: 20261122 },
		);
	});
});
