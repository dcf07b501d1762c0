// https://docs.gitlab.com/api/jobs/#get-a-single-job
import type { Deployment } from '../change/deployment.ts';
import { judgeJob } from '../gitlab-api/judge-job.ts';
import { type GitlabJob, readJob } from '../gitlab-api/payloads.ts';
import type { Log } from '../log/log.ts';
import { NetworkFault } from '../network/network-fault.ts';
import { type Network, sendRequest } from '../network/send-request.ts';
import { parseJson } from '../text/json-value.ts';
import type { ReadGitlabJob } from './prepare-change.ts';

const urlSetting = 'ALERT24_RELAY_GITLAB_URL';
const limits = { limitMs: 5000, longestBody: 1024 * 1024 };

/**
 * Returns the function that reads a job with an access token. The token goes to one GitLab alone: whoever holds the
 * secret of a webhook can send an event with any address.
 */
export function openGitlabJobs(
	gitlabUrl: string,
	token: string,
	network: Network,
	redact: (text: string) => string,
	log: Log,
): ReadGitlabJob {
	return async ({ serverUrl, projectId, jobId }) => {
		if (serverUrl !== gitlabUrl) {
			log.detail(`No lookup of job ${jobId}: its GitLab is not ${urlSetting}`);
			return undefined;
		}
		try {
			const url = `${gitlabUrl}/api/v4/projects/${projectId}/jobs/${jobId}`;
			const request = { method: 'GET', url, urlSetting, headers: { 'private-token': token } } as const;
			const { status, body } = await sendRequest(request, limits, network);
			const job = status === 200 ? readJob(parseJson(redact(body))) : undefined;
			if (job !== undefined) {
				return {
					hasRun: hasRun(job),
					failure: undefined,
					complete: (deployment) => completeDeployment(deployment, job),
				};
			}
			const failure = `GitLab responded with ${status} to the lookup of job ${jobId}`;
			return { hasRun: status === 404 ? false : undefined, failure, complete: (deployment) => deployment };
		} catch (error) {
			if (!(error instanceof NetworkFault)) throw error;
			const failure = `the lookup of job ${jobId} in GitLab failed: ${error.message}`;
			return { hasRun: undefined, failure, complete: (deployment) => deployment };
		}
	};
}

function hasRun(job: GitlabJob): boolean | undefined {
	const { kind } = judgeJob(job);
	if (kind === 'unfinished') return job.startedAt === undefined ? undefined : true;
	return kind === 'ended';
}

function completeDeployment(deployment: Deployment, job: GitlabJob): Deployment {
	const { commit, branch, pipeline } = deployment;
	return {
		...deployment,
		commit: { ...commit, message: job.commitMessage?.replace(/[\r\n]+$/, '') ?? commit.message },
		branch: job.isTag ? undefined : branch,
		pipeline: { url: pipeline.url ?? job.pipeline.url, createdAt: job.pipeline.createdAt },
		job: {
			url: deployment.job?.url ?? job.url,
			startedAt: job.startedAt ?? deployment.job?.startedAt,
			finishedAt: job.finishedAt ?? deployment.job?.finishedAt,
			durationSeconds: job.durationSeconds ?? deployment.job?.durationSeconds,
		},
	};
}
