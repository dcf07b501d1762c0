import type { Deployment } from '../change/deployment.ts';

/** The names in an event that rules match. */
export type EventNames = Readonly<{
	/** GitLab's path with namespace, Bitbucket's full name. */
	project: string;
	/** Undefined if only a rule can name the environment. */
	environment: string | undefined;
	branch: string | undefined;
	tag: string | undefined;
	/** The key and the name of a commit status. */
	statuses: readonly string[];
}>;

/** One deployment or push that an event reports. */
export type ReportedDeployment = Readonly<{
	names: EventNames;
	/** As the event reports it. The environment is empty if only a rule can name it. */
	deployment: Deployment;
	/**
	 * Shows if the deployment ran. GitLab also reports a failed or canceled deployment for jobs that never started;
	 * `unknown` is then decided by an earlier `running` event.
	 */
	hasRun: 'yes' | 'no' | 'unknown';
	/** A fact for the description that a Deployment has no field for. */
	note: string | undefined;
	/** The job to ask GitLab's API about. */
	job: GitlabJobReference | undefined;
}>;

export type GitlabJobReference = Readonly<{
	/** The base URL of the GitLab instance, without a slash at its end. */
	serverUrl: string;
	projectId: string;
	jobId: string;
}>;

/** The content of one webhook. */
export type ReportedEvent =
	| Readonly<{ kind: 'deployments'; deployments: readonly ReportedDeployment[] }>
	/** A deployment began to run. */
	| Readonly<{ kind: 'started'; names: EventNames; keyParts: readonly string[]; startedAt: string | undefined }>
	/** Nothing to record. `isMistake`: the sender is set up wrongly, which the log should show. */
	| Readonly<{ kind: 'ignored'; reason: string; isMistake: boolean }>;

/** Returns an event that reports nothing to record. */
export function ignoreEvent(reason: string): ReportedEvent {
	return { kind: 'ignored', reason, isMistake: false };
}

/** Returns an event that this program cannot read because its sender is set up wrongly. */
export function rejectEvent(reason: string): ReportedEvent {
	return { kind: 'ignored', reason, isMistake: true };
}
