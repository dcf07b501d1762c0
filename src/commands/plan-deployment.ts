import type { Deployment } from '../change/deployment.ts';
import type { Ci } from '../ci/ci.ts';
import { detectCi } from '../ci/detect-ci.ts';
import type { JobReport } from '../ci/job-report.ts';
import type { Origins } from '../report/describe-origins.ts';
import {
	describeMissingApiKey,
	describeMissingEnvironment,
	describeStoppedEnvironment,
	describeUnknownOutcome,
	describeUnrecordedOutcome,
	describeUnstartedJob,
	notInCi,
} from '../report/messages.ts';
import { ConfigurationError, InvalidChangeError } from '../reported-error.ts';
import type { ReadSettings, Settings } from '../settings/settings.ts';
import { trimBlanks } from '../text/trim-text.ts';
import type { CommandContext } from './command-context.ts';
import { lookUpDeployment } from './look-up-deployment.ts';

/** The deployment to record, with the mistakes that prevent its delivery; or the reason to record nothing. */
export type Plan =
	| Readonly<{
			kind: 'record';
			deployment: Deployment;
			/** The deployment as a run without lookups records it. */
			assumed: Deployment;
			origins: Origins;
			problems: readonly string[];
	  }>
	| Readonly<{ kind: 'nothing'; reason: string }>;

/**
 * Decides from the CI's variables, lookups and the settings which deployment to record. Throws a ConfigurationError or,
 * if only the schema rejects a value, an InvalidChangeError, with all mistakes at once.
 */
export async function planDeployment(
	{ settings, problems, violations }: ReadSettings,
	context: CommandContext,
): Promise<Plan> {
	const { environment, key } = context;
	const { status, isDryRun } = settings;
	const { ci, report, deployment, reasonNotTo, obstacles } = await readJob(settings, context);
	const found = [...problems, ...obstacles];
	if (reasonNotTo === undefined && !isDryRun && !key.isSet) found.push(describeMissingApiKey(ci?.apiKeyAdvice));

	if (found.length === 0 && violations.length > 0) throw new InvalidChangeError(violations);
	if (reasonNotTo !== undefined && found.length === 0) return { kind: 'nothing', reason: reasonNotTo };
	const isRecordable = obstacles.length === 0 && violations.length === 0 && reasonNotTo === undefined;
	if (!isRecordable || deployment === undefined) throw new ConfigurationError([...found, ...violations]);

	const { deployment: completed, notStarted, ...facts } = await lookUpDeployment(deployment, settings, context);
	if (notStarted !== undefined && status === undefined) {
		return { kind: 'nothing', reason: describeUnstartedJob(notStarted) };
	}
	const lookedUp = { ...completed, outcome: status ?? completed.outcome };
	const reason = findReasonNotToRecord(ci, report, lookedUp.outcome, settings);
	if (reason !== undefined) return { kind: 'nothing', reason };
	const origins = { ...facts, isMergeRequestPipeline: environment['CI_MERGE_REQUEST_IID'] !== undefined };
	return { kind: 'record', deployment: lookedUp, assumed: deployment, origins, problems: found };
}

/**
 * Reads the deployment that the running job reports, before any lookup: with the reason to record nothing, or with the
 * obstacles, the mistakes with which there is no change.
 */
export async function readJob(settings: Settings, { environment, readCommit }: CommandContext) {
	const { deployJob, overrides, status } = settings;
	const ci = detectCi(environment);
	const request = { deployJob, environment: overrides.fields.environment };
	const report = await ci?.readJob(environment, request, readCommit);
	const outcome = status ?? settings.assumedStatus ?? report?.outcome;
	// A separate job only assumes the outcome until the lookup.
	const isAssumed = status === undefined && deployJob !== undefined && typeof outcome === 'string';
	const reasonNotTo = findReasonNotToRecord(ci, report, isAssumed ? 'success' : outcome, settings);
	const obstacles: string[] = [];
	if (report === undefined) obstacles.push(notInCi);
	if (typeof outcome === 'object') obstacles.push(describeUnknownOutcome(outcome));
	if (reasonNotTo === undefined && isBlank(report?.environment ?? overrides.fields.environment)) {
		obstacles.push(describeMissingEnvironment(ci?.environmentAdvice));
	}
	return { ci, report, deployment: completeReport(report, outcome), reasonNotTo, obstacles };
}

function completeReport(
	report: JobReport | undefined,
	outcome: JobReport['outcome'] | undefined,
): Deployment | undefined {
	if (report === undefined || typeof outcome !== 'string') return undefined;
	const { stopsEnvironment, environment = '', ...facts } = report;
	return isBlank(environment) ? undefined : { ...facts, outcome, environment };
}

function findReasonNotToRecord(
	ci: Ci | undefined,
	report: JobReport | undefined,
	outcome: JobReport['outcome'] | undefined,
	settings: Settings,
): string | undefined {
	if (ci === undefined || report === undefined || typeof outcome !== 'string') return undefined;
	if (report.stopsEnvironment) return describeStoppedEnvironment(report.environment);
	if (outcome !== 'success' && !settings.shouldRecordFailures) {
		return describeUnrecordedOutcome(outcome, ci.recordFailuresAdvice);
	}
	return undefined;
}

function isBlank(text: string | undefined): boolean {
	return trimBlanks(text ?? '') === '';
}
