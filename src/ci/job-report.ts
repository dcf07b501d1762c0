import type { Deployment, Outcome } from '../change/deployment.ts';

/** A status that this program does not recognize. It is never taken for a success, and nothing is recorded. */
export type UnknownOutcome = Readonly<{ unknownStatus: string; variable: string }>;

/** A deployment as the variables of a job report it. */
export type JobReport = Omit<Deployment, 'outcome' | 'environment'> &
	Readonly<{
		outcome: Outcome | UnknownOutcome;
		/** The environment to record: the user's, else the environment of the job. */
		environment: string | undefined;
		/** True if the running job stops its environment instead of deploying to it. */
		stopsEnvironment: boolean;
	}>;

/** The user's values that decide which deployment a job reports. */
export type ReportRequest = Readonly<{
	/** The name of the deploy job if the running job is a separate one. */
	deployJob: string | undefined;
	/** The environment set by hand. */
	environment: string | undefined;
}>;
