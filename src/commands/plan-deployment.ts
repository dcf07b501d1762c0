import type { Deployment } from '../change/build-change.ts';
import type { CiRun } from '../ci/ci-run.ts';
import type { ReadCommit } from '../ci/git-commit.ts';
import { readCiRun } from '../ci/read-deployment.ts';
import type { Environment } from '../environment.ts';
import type { Outcome } from '../outcome.ts';
import {
	describeStoppedEnvironment,
	describeUnknownOutcome,
	describeUnrecordedOutcome,
	missingApiKey,
	missingEnvironment,
	notInCi,
} from '../report/messages.ts';
import { ConfigurationError, InvalidChangeError } from '../reported-error.ts';
import type { ReadSettings, Settings } from '../settings/settings.ts';
import { trimBlanks } from '../text/trim-text.ts';

/** What is to be done: print or send the changes of a deployment; or nothing, and why. */
export type Plan =
	| Readonly<{ kind: 'print'; deployment: Deployment }>
	| Readonly<{ kind: 'send'; deployment: Deployment; apiKey: string }>
	| Readonly<{ kind: 'nothing'; reason: string }>;

/**
 * Decides what is to be recorded, from the CI's variables, git and the settings. Throws a ConfigurationError or, where the schema alone objects,
 * an InvalidChangeError, with everything that is wrong at once.
 */
export async function planDeployment(
	environment: Environment,
	{ settings, problems, violations }: ReadSettings,
	readCommit: ReadCommit,
): Promise<Plan> {
	const run = await readCiRun(environment, readCommit);
	const outcome = settings.status ?? run?.outcome;
	const isKnown = typeof outcome === 'string';
	const reasonNotTo = isKnown ? findReasonNotToRecord(run, outcome, settings) : undefined;
	const recordedEnvironment =
		settings.environment ?? (trimBlanks(run?.environment ?? '') === '' ? undefined : run?.environment);

	const found = [...problems];
	if (run === undefined) found.push(notInCi);
	if (outcome !== undefined && !isKnown) found.push(describeUnknownOutcome(outcome));
	if (reasonNotTo === undefined && recordedEnvironment === undefined) found.push(missingEnvironment);
	if (reasonNotTo === undefined && !settings.isDryRun && !hasApiKey(environment)) found.push(missingApiKey);
	if (found.length > 0 || run === undefined || !isKnown) throw new ConfigurationError([...found, ...violations]);
	if (violations.length > 0) throw new InvalidChangeError(violations);
	if (reasonNotTo !== undefined) return { kind: 'nothing', reason: reasonNotTo };
	const deployment = { run, settings, outcome, environment: recordedEnvironment ?? '' };
	const { apiKey, isDryRun } = settings;
	return isDryRun || apiKey === undefined ? { kind: 'print', deployment } : { kind: 'send', deployment, apiKey };
}

function findReasonNotToRecord(run: CiRun | undefined, outcome: Outcome, settings: Settings): string | undefined {
	// A job that stops an environment deploys nothing; a separate job reports on another one.
	if (run?.stopsEnvironment && settings.deployJob === undefined) return describeStoppedEnvironment(run.environment);
	if (outcome !== 'success' && !settings.shouldRecordFailures) return describeUnrecordedOutcome(outcome);
	return undefined;
}

// One that is there and unusable is among the settings' problems.
function hasApiKey(environment: Environment): boolean {
	return environment['ALERT24_API_KEY'] !== undefined || environment['ALERT24_API_KEY_FILE'] !== undefined;
}
