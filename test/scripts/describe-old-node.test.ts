import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { describeOldNode } from '../../scripts/describe-old-node.ts';

suite('describeOldNode', () => {
	for (const version of ['24.5.0', '24.21.0', '26.1.0']) {
		test(`accepts ${version}`, () => {
			assert.equal(describeOldNode(version), undefined);
		});
	}

	for (const version of ['20.20.2', '22.21.0', '24.4.1']) {
		test(`refuses ${version} with the remedy`, () => {
			const start = `Node ${version} is too old: this project needs Node 24.5 or newer. Install Node 24 (https://`;
			assert.equal(describeOldNode(version)?.slice(0, start.length), start);
		});
	}
});
