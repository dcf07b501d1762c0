/** The variables of a Bitbucket step that a complete change needs. */
export const bitbucketStep = {
	CI: 'true',
	BITBUCKET_BUILD_NUMBER: '318',
	BITBUCKET_PIPELINE_UUID: '{9d3c5a81-6f2e-4b7a-8c10-5e4f3a2b1c0d}',
	BITBUCKET_STEP_UUID: '{4b8e2d17-0c9a-4f63-b5d8-7a6e1f2c3d4b}',
	BITBUCKET_STEP_RUN_NUMBER: '1',
	BITBUCKET_STEP_TRIGGERER_UUID: '{e7a1c3d5-2b4f-4968-8d0e-1f3a5b7c9d2e}',
	BITBUCKET_COMMIT: 'c1f7a9e03b5d4826917eac5d80f2b64e9a3d7105',
	BITBUCKET_BRANCH: 'main',
	BITBUCKET_REPO_SLUG: 'web-shop',
	BITBUCKET_REPO_FULL_NAME: 'shop/web-shop',
	BITBUCKET_DEPLOYMENT_ENVIRONMENT: 'production',
} as const;
