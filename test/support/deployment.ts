import type { Deployment } from '../../src/change/deployment.ts';

/** A successful deployment by a GitLab job. */
export const deployment: Deployment = {
	source: 'gitlab-ci',
	key: { parts: ['gitlab', 'gitlab.com', '4711', 'job', '903311'], hasJobId: true },
	kind: 'deployment',
	outcome: 'success',
	environment: 'production',
	project: 'web-shop',
	commit: {
		sha: '5b1e7d20c4a94f0e8d3b6a7c9e2f10485d6b7a31',
		shortSha: '5b1e7d20',
		message: 'Sort the basket by price',
	},
	branch: 'main',
	tag: undefined,
	pullRequest: undefined,
	deployedBy: 'jonas.weber',
	pipeline: { url: 'https://gitlab.com/shop/web-shop/-/pipelines/81234', createdAt: undefined },
	job: undefined,
	previous: undefined,
	mergeRequests: [],
	tags: ['gitlab', 'production'],
};
