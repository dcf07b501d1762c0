import type { Environment } from '../environment.ts';
import type { ReadCommit } from './git-commit.ts';
import type { JobReport, ReportRequest } from './job-report.ts';

/** A CI system. A further one is one file that exports such an object, and one entry in detect-ci.ts. */
export type Ci = Readonly<{
	/** Returns true if the environment is that of a job of this CI. */
	isRunning(environment: Environment): boolean;
	/** Returns the deployment that the running job made or reports on. */
	readJob(environment: Environment, request: ReportRequest, readCommit: ReadCommit): JobReport | Promise<JobReport>;
	/** Returns the file whose `KEY=VALUE` lines later steps receive. */
	findVariablesFile(environment: Environment): string | undefined;
	/** The place in this CI's settings where the API key belongs, and the reasons why a job does not receive it. */
	apiKeyAdvice: string;
	/** The way to set the environment in this CI. */
	environmentAdvice: string;
	/** The way to record failures in this CI. */
	recordFailuresAdvice: string;
}>;
