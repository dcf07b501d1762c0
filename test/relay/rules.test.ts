import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { EventNames } from '../../src/relay/reported-event.ts';
import { matchesGlob, matchRules, readRules } from '../../src/relay/rules.ts';

const file = `
record_failures: false
ignore:
  - environment: review/**
rules:
  - project: shop/*
    environment: [production, eu/*]
    service_id: svc_shop
    record_failures: true
  - project: acme/legacy
    branch: master
    environment: production
    service_id: [svc_a, svc_b]
    change_type: deployment
  - project: acme/legacy
    status: deploy-*
    environment: staging
  - project: '**'
    tag: v*
    environment: production
`;

function read(text: string) {
	const result = readRules(text);
	assert.ok('rules' in result, JSON.stringify(result));
	return result.rules;
}

function findRule(names: Partial<EventNames>): string | number {
	const match = matchRules(
		{ project: 'acme/legacy', environment: undefined, branch: undefined, tag: undefined, statuses: [], ...names },
		read(file),
	);
	return match.kind === 'rule' ? match.rule.number : match.kind;
}

suite('readRules', () => {
	test('reports every mistake at once, each with its path in the file', () => {
		const result = readRules(`
record_failures: maybe
unknown: 1
rules:
  - environment: production
  - project: shop/*
    enviroment: production
    change_type: release
    risk_level: huge
    service_id: [svc_a, 'svc b']
    tags: web
  - project: acme/*
    status: deploy
    environment: [staging, production]
`);
		assert.deepEqual('problems' in result && result.problems.toSorted(), [
			'record_failures must be a boolean; got "maybe"',
			'rules[0] lacks project',
			'rules[1] has an unknown key "enviroment"',
			'rules[1].change_type must be one of deployment, config_change, infrastructure, code, database_migration, feature_flag, rollback, scaling, security_patch, other, auto; got "release"',
			'rules[1].risk_level must be one of low, medium, high, critical; got "huge"',
			'rules[1].service_id must be a text, or a list of texts, each neither empty nor too long, without spaces and slashes; got ["svc_a","svc b"]',
			'rules[1].tags must be a list; got "web"',
			'the file has an unknown key "unknown"',
		]);
	});

	test('reports rules that contradict themselves', () => {
		const result = readRules(`
rules:
  - {project: a/*, status: deploy, environment: [staging, production]}
  - {project: a/*, branch: main, tag: v*, environment: production}
`);
		assert.deepEqual(result, {
			problems: [
				'rules[0].environment must be one name without * because of status: a commit status does not name it',
				'rules[1] has branch and tag: no event has both; make two rules',
			],
		});
	});

	test('reports text that is not YAML, an empty file and an alias bomb', () => {
		for (const text of ['rules: [', '', 'a: &a [x]\nrules: *b', `a: &a [x,x]\n${'b: &b [*a,*a]\n'.repeat(2)}`]) {
			assert.ok('problems' in readRules(text), text);
		}
	});
});

suite('matchRules', () => {
	const rows: [title: string, names: Partial<EventNames>, expected: string | number][] = [
		['the first rule that matches applies', { project: 'shop/web', environment: 'production' }, 1],
		['* matches within one segment', { project: 'shop/eu/web', environment: 'production' }, 'unmatched'],
		['one of several patterns is enough', { project: 'shop/web', environment: 'eu/berlin' }, 1],
		['ignore precedes the rules', { project: 'shop/web', environment: 'review/a/b' }, 'ignored'],
		['a push matches by branch', { branch: 'master' }, 2],
		['another branch does not match', { branch: 'develop' }, 'unmatched'],
		['a status matches by its name', { branch: 'x', statuses: ['1', 'deploy-eu'] }, 3],
		['a rule for a branch does not apply to a status', { branch: 'master', statuses: ['test'] }, 'unmatched'],
		['a tag matches by its pattern', { tag: 'v1.0' }, 4],
		['** matches across segments', { project: 'a/b/c/d', environment: 'production', tag: 'v1' }, 4],
		['a pattern is case-sensitive', { branch: 'Master' }, 'unmatched'],
	];
	for (const [title, names, expected] of rows) {
		test(title, () => assert.equal(findRule(names), expected));
	}

	test('a Bitbucket event needs a rule that names one environment', () => {
		const rules = read('rules: [{project: a/b, branch: "*"}, {project: a/b, environment: production}]');
		const names = { project: 'a/b', environment: undefined, branch: 'main', tag: undefined, statuses: [] };
		assert.deepEqual(matchRules(names, rules), {
			kind: 'unmatched',
			reason:
				'no rule matches project "a/b", branch "main"; a rule for Bitbucket must name one environment, and a branch, tag or status',
		});
	});
});

suite('matchesGlob', () => {
	test('agrees with a regular expression on all short patterns and names', () => {
		const texts = ['', 'a', 'b', '/', 'aa', 'a/', '/a', 'a/a', 'ab/', 'a//b', 'b/a/b'];
		const parts = ['a', '/', '*', '**', 'b'];
		const patterns = parts.flatMap((one) => parts.flatMap((two) => parts.map((three) => one + two + three)));
		for (const pattern of patterns) {
			const expression = pattern.replace(/\*+|[^*]/g, (part) =>
				part.length > 1 && part.startsWith('*')
					? '[^]*'
					: part === '*'
						? '[^/]*'
						: `\\${part}`.replace(/\\([ab])/, '$1'),
			);
			for (const text of texts) {
				const expected = new RegExp(`^${expression}$`).test(text);
				assert.equal(matchesGlob(pattern, text), expected, `${pattern} on ${text}`);
			}
		}
	});

	test('takes no exponential time for many stars', () => {
		assert.equal(matchesGlob(`${'*a'.repeat(120)}b`, 'a'.repeat(5000)), false);
	});
});
