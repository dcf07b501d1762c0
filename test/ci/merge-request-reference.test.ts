import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { findMergeRequestNumber, findMergeRequestNumberInRef } from '../../src/ci/merge-request-reference.ts';

const project = { path: 'shop/web-shop', url: 'https://gitlab.com/shop/web-shop' };

suite('findMergeRequestNumber', () => {
	const messages: [string, string, string | undefined][] = [
		['GitLab’s default template', 'Merge branch x\n\nTitle\n\nSee merge request shop/web-shop!72', '72'],
		['a local reference', 'Merge\n\nSee merge request !72', '72'],
		['a URL', 'Merge\n\nSee merge request https://gitlab.com/shop/web-shop/-/merge_requests/72', '72'],
		['lines that end with CRLF', 'Merge\r\n\r\nSee merge request shop/web-shop!72\r\n', '72'],
		['the last of several lines', 'Revert\n\nSee merge request !1\n\nSee merge request !2', '2'],
		['a squash subject', 'Sort the basket (!72)\n\nBody (!9)', '72'],
		['a squash subject with the path', 'Sort the basket (shop/web-shop!72)', '72'],
		['a merge request of another project', 'Bump\n\nSee merge request other/project!72', undefined],
		['a URL of another project', 'Bump\n\nSee merge request https://gitlab.com/other/-/merge_requests/72', undefined],
		['a project with the same end of its path', 'x\n\nSee merge request evil/shop/web-shop!72', undefined],
		['a sentence with the words', 'I did not See merge request !72', undefined],
		['a revert', 'Revert "x"\n\nThis reverts merge request !72', undefined],
		['an issue', 'Close #72', undefined],
		['a number that begins with 0', 'Fix (!0)\n\nSee merge request !007', undefined],
		['an empty message', '', undefined],
	];
	for (const [description, message, number] of messages) {
		test(`returns ${number} for ${description}`, () => {
			assert.equal(findMergeRequestNumber(message, project), number);
		});
	}

	test('matches no path if the project is unknown', () => {
		const nowhere = { path: undefined, url: undefined };
		assert.equal(findMergeRequestNumber('See merge request undefined!7', nowhere), undefined);
		assert.equal(findMergeRequestNumber('See merge request undefined/-/merge_requests/7', nowhere), undefined);
		assert.equal(findMergeRequestNumber('See merge request !7', nowhere), '7');
	});

	test('reads a long message with many brackets in less than a second', () => {
		const startedAt = performance.now();
		findMergeRequestNumber(`${'('.repeat(100_000)}\nSee merge request ${'a'.repeat(100_000)}!`, project);
		assert.ok(performance.now() - startedAt < 10_000);
	});
});

suite('findMergeRequestNumberInRef', () => {
	const refs: [string | undefined, string | undefined][] = [
		['refs/merge-requests/12/head', '12'],
		['refs/merge-requests/12/merge', '12'],
		['refs/merge-requests/12/train', '12'],
		['main', undefined],
		['feature/refs/merge-requests/12/head', undefined],
		['refs/merge-requests/012/head', undefined],
		['refs/merge-requests/12', undefined],
		[undefined, undefined],
	];
	for (const [ref, number] of refs) {
		test(`returns ${number} for ${ref}`, () => {
			assert.equal(findMergeRequestNumberInRef(ref), number);
		});
	}
});
